"""HTTPS: answers from those whom CAFile= vouches for, and a stored `tls` failure that says why from all others."""

import http.server
import ssl
import subprocess
import threading

import pytest

from programs import Daemon


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # connections are kept

    def do_GET(self):
        body = b'{"ok": true}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


class QuietServer(http.server.ThreadingHTTPServer):
    daemon_threads = True
    accepted = 0

    def process_request(self, request, client_address):
        self.accepted += 1
        super().process_request(request, client_address)

    def handle_error(self, request, client_address):
        pass  # handshakes that fail are what these tests are about


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def certificate(path, name, address, days):
    """A self-signed certificate; returns its file, which holds the key too. With negative days it has expired."""
    key, request, file = path / f"{name}.key", path / f"{name}.csr", path / f"{name}.pem"
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}",
            "-addext", f"subjectAltName={address}", "-keyout", key, "-out", request)
    openssl("x509", "-req", "-in", request, "-signkey", key, "-days", days, "-copy_extensions", "copy", "-out", file)
    file.write_text(file.read_text() + key.read_text())
    return file


@pytest.fixture
def serve(tmp_path):
    """serve(certificate file) -> URL; serve.servers: what was started."""
    servers = []

    def start(file):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        server = QuietServer(("127.0.0.1", 0), Answer)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"https://127.0.0.1:{server.server_address[1]}/"

    start.servers = servers
    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_who_is_vouched_for_and_who_is_not(workplace, sqlite_uri, serve, tmp_path):
    good = certificate(tmp_path, "good", "IP:127.0.0.1", 1)
    other = certificate(tmp_path, "other", "IP:127.0.0.1", 1)
    misnamed = certificate(tmp_path, "misnamed", "DNS:example.com", 1)
    expired = certificate(tmp_path, "expired", "IP:127.0.0.1", -1)
    trusted = tmp_path / "ca.pem"
    trusted.write_text("".join(file.read_text().split("-----BEGIN PRIVATE")[0] for file in (good, misnamed, expired)))

    daemon = Daemon(workplace, sqlite_uri, config=f"[Network]\nCAFile={trusted}\n")
    files = {"good": good, "self-signed": other, "misnamed": misnamed, "expired": expired}
    daemon.insert("test.samples", [{"_id": name, "url": serve(file)} for name, file in files.items()])
    assert daemon.ctl("submit", "--collection", "test.samples", "--follow", check=False).returncode == 3

    documents = {document["_id"]: document for document in daemon.documents("test.samples")}
    assert documents["good"]["response"] == {"ok": True} and documents["good"]["reqd"]["ms"]["tls"] > 0
    for name, words in (("self-signed", "self-signed"), ("misnamed", "name"), ("expired", "expired")):
        meta = documents[name]["reqd"]
        assert (meta["state"], meta["reason"], meta["attempts"]) == ("failed", "tls", 1)
        assert words in meta["error"], meta["error"]


def test_a_connection_is_kept_for_the_next_request(workplace, sqlite_uri, serve, tmp_path):
    """What TLS says between two answers, such as a ticket for the next session, is no reason to leave it."""
    file = certificate(tmp_path, "good", "IP:127.0.0.1", 1)
    daemon = Daemon(workplace, sqlite_uri, config=f"[Network]\nCAFile={file}\n")
    url = serve(file)
    daemon.insert("test.samples", [{"_id": i, "url": url} for i in range(20)])
    daemon.ctl("submit", "--collection", "test.samples", "-n", "1", "--follow")
    assert daemon.status("samples")["documents"]["ok"] == 20
    assert serve.servers[0].accepted < 20, "a slow machine may take a new one now and then"
