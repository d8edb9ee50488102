-- For wrk: asks the questions of a file one after the other, each thread from a place of its own, and tells in JSON how
-- it went. A line of the file is a path, a tab and a key; without a key the path is asked as it is.

local requests = {}
local position = 0
local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(arguments)
  for line in io.lines(arguments[1]) do
    local path, key = line:match("^([^\t]+)\t(.*)$")
    local headers = { ["Accept-Encoding"] = "gzip, deflate, br" }
    if key ~= "" then
      headers["Authorization"] = "Bearer " .. key
    end
    requests[#requests + 1] = wrk.format("GET", path, headers)
  end
  position = number * 97
end

function request()
  position = position % #requests + 1
  return requests[position]
end

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"seconds":%.6f,"failures":%d,"p50_ms":%.4f,"p99_ms":%.4f}\n',
    summary.requests, summary.duration / 1e6,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3
  ))
end
