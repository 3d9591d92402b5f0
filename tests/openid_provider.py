"""A small OpenID provider on 127.0.0.1: discovery, authorization code, signed tokens, userinfo."""

import base64
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_ID, CLIENT_SECRET = "kam", "a secret of the two"
KEY_ID = "key-1"


class Provider:
    """``claims`` are of the person who signs in there; ``id_token`` overrides what the token says."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {}
        self.id_token: dict[str, Any] = {}
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.asked: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}
        self._tokens: dict[str, dict[str, Any]] = {}
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider._get(self)

            def do_POST(self) -> None:
                provider._token(self)

            def log_message(self, *args: Any) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> "Provider":
        self._thread.start()
        return self

    def __exit__(self, *error: Any) -> None:
        self._server.shutdown()
        self._server.server_close()

    # --- what it answers --------------------------------------------------------------------------
    def _get(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        self.asked.append(parts.path)
        if parts.path == "/.well-known/openid-configuration":
            self._json(
                handler,
                {
                    "issuer": self.url,
                    "authorization_endpoint": f"{self.url}/authorize",
                    "token_endpoint": f"{self.url}/token",
                    "userinfo_endpoint": f"{self.url}/userinfo",
                    "jwks_uri": f"{self.url}/jwks",
                    "token_endpoint_auth_methods_supported": ["client_secret_post"],
                },
            )
        elif parts.path == "/jwks":
            key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
            self._json(handler, {"keys": [key | {"kid": KEY_ID, "use": "sig", "alg": "RS256"}]})
        elif parts.path == "/authorize":
            self._authorize(handler, {k: v[0] for k, v in parse_qs(parts.query).items()})
        elif parts.path == "/userinfo":
            claims = self._tokens.get(handler.headers.get("Authorization", ""))
            self._json(handler, claims or {"error": "invalid_token"}, 200 if claims else 401)
        else:
            self._json(handler, {}, 404)

    def _authorize(self, handler: BaseHTTPRequestHandler, asked: dict[str, str]) -> None:
        known = asked.get("client_id") == CLIENT_ID and asked.get("response_type") == "code"
        if not known or "openid" not in asked.get("scope", "").split():
            self._json(handler, {"error": "invalid_request"}, 400)
            return
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        answer = urlencode({"code": code, "state": asked["state"]})
        handler.send_response(302)
        handler.send_header("Location", f"{asked['redirect_uri']}?{answer}")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    def _token(self, handler: BaseHTTPRequestHandler) -> None:
        self.asked.append(handler.path)
        body = handler.rfile.read(int(handler.headers["Content-Length"])).decode()
        form = {k: v[0] for k, v in parse_qs(body).items()}
        asked = self._codes.pop(form.get("code", ""), None)
        secret = (form.get("client_id"), form.get("client_secret")) == (CLIENT_ID, CLIENT_SECRET)
        challenge = (asked or {}).get("code_challenge")
        proved = challenge is None or challenge == _challenge(form.get("code_verifier", ""))
        if (
            asked is None
            or not secret
            or form.get("redirect_uri") != asked["redirect_uri"]
            or not proved
        ):
            self._json(handler, {"error": "invalid_grant"}, 400)
            return
        access = secrets.token_urlsafe(16)
        self._tokens[f"Bearer {access}"] = dict(self.claims)
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            **self.claims,
            **self.id_token,
        }
        token = jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": KEY_ID})
        self._json(handler, {"access_token": access, "token_type": "Bearer", "id_token": token})

    @staticmethod
    def _json(handler: BaseHTTPRequestHandler, content: Any, status: int = 200) -> None:
        body = json.dumps(content).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)


def _challenge(verifier: str) -> str:
    import hashlib

    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
