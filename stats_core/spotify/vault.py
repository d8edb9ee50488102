"""The vault: what is secret, encrypted at rest (Fernet: AES-128 and HMAC), under a key that lies beside no store."""

import hashlib
from base64 import urlsafe_b64encode

import msgspec
from cryptography.fernet import Fernet, InvalidToken

from stats_core.settings import Settings


class Vault:
    """Seals and opens; nothing it is given appears in an error or a log."""

    def __init__(self, settings: Settings) -> None:
        # Fernet wants 32 bytes; a key of any other length is as good as its own entropy.
        digest = hashlib.sha256(settings.token_key_text().encode()).digest()
        self._fernet = Fernet(urlsafe_b64encode(digest))

    def sealed(self, secret: object) -> bytes:
        """Plain values, encrypted."""
        return self._fernet.encrypt(msgspec.json.encode(secret))

    def opened(self, sealed: bytes | None) -> dict[str, object] | None:
        """What was sealed; None if it cannot be opened: another key, or somebody changed it."""
        if sealed is None:
            return None
        try:
            return msgspec.json.decode(self._fernet.decrypt(sealed), type=dict[str, object])
        except (InvalidToken, msgspec.MsgspecError):
            return None
