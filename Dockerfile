# Two images from one file, each with only what it needs:
#   docker build --target api .         the REST service and the command line, without Dagster
#   docker build --target pipelines .   Dagster with the pipelines: code server, UI and daemon
FROM python:3.13-slim-bookworm AS base
ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore

FROM base AS wheel
WORKDIR /source
COPY pyproject.toml README.md ./
COPY stats_core stats_core
COPY stats_api stats_api
COPY stats_pipelines stats_pipelines
RUN pip wheel --no-deps --wheel-dir /wheels .

# What a service runs in: files that are root's, and a user who may write nothing but /data.
FROM base AS service
RUN groupadd --gid 1000 stats \
    && useradd --uid 1000 --gid stats --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin stats \
    && install --directory --owner=stats --group=stats /data
ENV PATH=/opt/stats/bin:$PATH \
    STATS_DATA_DIR=/data
WORKDIR /opt/stats

FROM base AS api-packages
RUN python -m venv --without-pip /opt/stats
COPY deploy/requirements-api.lock /requirements.lock
RUN pip --python /opt/stats/bin/python install --require-hashes --only-binary :all: -r /requirements.lock
COPY --from=wheel /wheels /wheels
RUN pip --python /opt/stats/bin/python install --no-deps --no-index /wheels/*.whl

FROM base AS pipelines-packages
RUN python -m venv --without-pip /opt/stats
COPY deploy/requirements-pipelines.lock /requirements.lock
RUN pip --python /opt/stats/bin/python install --require-hashes --only-binary :all: -r /requirements.lock
COPY --from=wheel /wheels /wheels
RUN pip --python /opt/stats/bin/python install --no-deps --no-index /wheels/*.whl

FROM service AS pipelines
COPY --from=pipelines-packages /opt/stats /opt/stats
COPY deploy/dagster.yaml deploy/workspace.yaml /opt/dagster/
ENV DAGSTER_HOME=/opt/dagster \
    DAGSTER_DISABLE_TELEMETRY=yes \
    STATS_DAGSTER_DATA=/data/dagster
USER 1000:1000
EXPOSE 4000
HEALTHCHECK --interval=1m --timeout=20s --start-period=1m \
    CMD ["dagster", "api", "grpc-health-check", "-p", "4000"]
CMD ["dagster", "api", "grpc", "-h", "0.0.0.0", "-p", "4000", "-m", "stats_pipelines.definitions"]

FROM service AS api
COPY --from=api-packages /opt/stats /opt/stats
ENV STATS_API_HOST=0.0.0.0
USER 1000:1000
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/health/ready', timeout=4)"]
CMD ["spotify-stats", "api"]
