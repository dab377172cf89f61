"""Which addresses are reached: counted at the far end, in a network that has all of them and leads nowhere."""

import json
import re
import signal
import ssl
import threading

import pytest

from hostile import Server, answer, redirects, says, script
from island import Island
from programs import Daemon, wait_until
from test_tls import certificate

PUBLIC = ["203.0.114.1", "2606:4700::1"]  # of the namespace: nothing sent there leaves it
DENIED = [
    "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "169.254.169.254", "192.0.0.1", "192.0.2.1",
    "192.88.99.1", "198.18.0.1", "240.0.0.1", "::1", "fd00::1", "2001:db8::1", "64:ff9b::a00:1", "64:ff9b:1::1",
    "2002:a00:1::1", "2001:0:a00:1::f7f7:f7f7", "100::1", "5f00::1", "fec0::1",
]
HOSTS = """
127.0.0.1 localhost
::1 localhost
203.0.114.1 public.test
10.0.0.1 private.test
fd00::1 private.test
10.0.0.1 mixed.test
203.0.114.1 mixed.test
fd00::1 mixed.test
10.0.0.1 proxy.test
"""
SPELLINGS = [  # of 10.0.0.1, 127.0.0.1 and "here"
    "10.1", "167772161", "012.0.0.1", "0xa000001", "0x0a.0.0.1", "10%2e0%2e0%2e1", "[::ffff:10.0.0.1]",
    "[::ffff:a00:1]", "[::10.0.0.1]", "2130706433", "127.1", "LOCALHOST", "0.0.0.0", "0", "[::]", "[0:0:0:0:0:0:0:1]",
    "\\uff11\\uff10.0.0.1", "224.0.0.1", "255.255.255.255", "[ff02::1]", "[fe80::1]", "private.test", "PRIVATE.test",
]


@pytest.fixture(scope="module")
def island(tmp_path_factory):
    addresses = [a for a in PUBLIC + DENIED if a not in ("127.0.0.1", "::1")]
    island = Island(tmp_path_factory.mktemp("island"), addresses, HOSTS)
    yield island
    island.end()


@pytest.fixture
def server(island):
    server = Server()
    yield server
    server.end()


@pytest.fixture
def far(island, server):
    """A server at each address, at one port, which is its value; all give a good answer."""
    listener = island.listen(PUBLIC[0])
    port = listener.getsockname()[1]
    for address in PUBLIC + DENIED:
        server.serve(address, says(answer(b'{"a": 1}')), listener=listener if address == PUBLIC[0] else island.listen(address, port))
    return port


def daemon_in(island, workplace, allow="", **options):
    return Daemon(workplace, f"sqlite:{workplace.path}/reqd.db", allow=allow, enter=island.enter(), **options)


def in_url(address):
    return f"[{address}]" if ":" in address else address


def run(daemon, urls, *options):
    """A job of its own over these URLs, one document each; returns what is stored of each, by URL."""
    urls = list(dict.fromkeys(urls))
    daemon.insert("test.samples", [{"_id": i, "url": json.loads(f'"{url}"')} for i, url in enumerate(urls)])
    daemon.ctl("submit", "samples", "--collection", "test.samples", "--timeout", "20s", "--attempts", "2", "--backoff", "1ms",
               "--follow", *options, check=False)
    documents = {document["_id"]: document["reqd"] for document in daemon.documents("test.samples")}
    return {url: documents[i] for i, url in enumerate(urls)}


def reached(server):
    return {name for name, n in server.accepted.items() if n > 0}


def outcome(meta):
    return meta.get("reason", meta["state"]), meta["attempts"]


def test_only_public_addresses_are_reached_in_any_spelling(island, workplace, server, far):
    good = [f"http://{in_url(address)}:{far}/" for address in PUBLIC]
    good += [f"http://public.test:{far}/", f"http://mixed.test:{far}/"]  # one of its addresses is allowed
    denied = [f"http://{in_url(address)}:{far}/" for address in DENIED] + [f"http://{host}:{far}/" for host in SPELLINGS]
    environment = {name: f"http://10.0.0.1:{far}" for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY")}

    daemon = daemon_in(island, workplace, env=environment)
    stored = run(daemon, good + denied + ["http://nowhere.test/", "http://10.0.0.1./"])  # the last one is a name
    assert {url: outcome(stored[url]) for url in good} == {url: ("ok", 1) for url in good}
    assert {url: outcome(stored[url]) for url in denied} == {url: ("denied_address", 0) for url in denied}
    assert outcome(stored["http://nowhere.test/"]) == outcome(stored["http://10.0.0.1./"]) == ("dns", 2)
    assert reached(server) == set(PUBLIC)


def test_redirects_lead_to_allowed_addresses_only(island, workplace, server, far):
    hosts = [*map(in_url, DENIED), *SPELLINGS]
    urls = [server.serve(f"to {host}", redirects(json.loads(f'"http://{host}:{far}/"')), listener=island.listen(PUBLIC[0]))
            for host in hosts]
    fine = server.serve("fine", redirects(f"http://{in_url(PUBLIC[1])}:{far}/"), listener=island.listen(PUBLIC[0]))

    stored = run(daemon_in(island, workplace), [*urls, fine])
    assert {url: outcome(stored[url]) for url in urls} == {url: ("denied_address", 1) for url in urls}
    assert outcome(stored[fine]) == ("ok", 1)
    assert reached(server) & {*PUBLIC, *DENIED} == {PUBLIC[1]}


def test_the_configuration_allows_and_denies_prefixes(island, workplace, server, far):
    config = "[Network]\nDenyAddress=203.0.114.0/24 10.0.0.0/8\nAllowAddress=10.0.0.0/30 fd00::/8\nAllowAddress=localhost\n"
    allowed = {"10.0.0.1", "fd00::1", "127.0.0.1", "::1", "2606:4700::1"}
    allowed |= {"64:ff9b::a00:1", "2002:a00:1::1", "2001:0:a00:1::f7f7:f7f7"}  # as the IPv4 addresses in them
    urls = {address: f"http://{in_url(address)}:{far}/" for address in PUBLIC + DENIED}
    stored = run(daemon_in(island, workplace, config=config), urls.values())
    assert {a for a, url in urls.items() if outcome(stored[url]) == ("ok", 1)} == allowed
    assert reached(server) == allowed


def test_a_reload_denies_connections_that_are_kept(island, workplace, server, far):
    daemon = daemon_in(island, workplace)
    daemon.insert("test.samples", [{"_id": i, "url": f"http://203.0.114.1:{far}/"} for i in range(3)])
    daemon.ctl("submit", "samples", "--collection", "test.samples", "-n", "1", "--limit", "2", "--follow")
    assert (server.accepted[PUBLIC[0]], len(server.requests[PUBLIC[0]])) == (1, 2), "the connection is kept"

    daemon.config.write_text(daemon.config.read_text() + "[Network]\nDenyAddress=203.0.114.1\n")
    daemon.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "DenyAddress" in daemon.log.read_text(), "the rules are read again")
    daemon.ctl("resume", "samples", "--limit", "none")
    daemon.wait("samples")
    metas = [document["reqd"] for document in daemon.documents("test.samples")]
    assert [outcome(meta) for meta in metas] == [("ok", 1), ("ok", 1), ("denied_address", 0)]
    assert (server.accepted[PUBLIC[0]], len(server.requests[PUBLIC[0]])) == (1, 2)


def test_urls_with_a_password_or_of_another_scheme_are_bad_and_not_repeated(island, workplace, server, far):
    urls = [f"http://user:sesame@203.0.114.1:{far}/", f"https://sesame@203.0.114.1:{far}/", f"//user:sesame@203.0.114.1:{far}/",
            f"http://user:sesame@203.0.114.1:x{far}/", "ftp://user:sesame@203.0.114.1/", "file:///sesame", "gopher://sesame",
            "http://user:sesame@/", "http:user:sesame@203.0.114.1", "javascript:sesame"]
    daemon = daemon_in(island, workplace, config="[Log]\nLogLevel=debug\n")
    stored = run(daemon, urls)
    assert {url: outcome(stored[url]) for url in urls} == {url: ("bad_url", 0) for url in urls}
    assert "sesame" not in json.dumps(list(stored.values())) + daemon.log.read_text()
    assert reached(server) == set()


class Proxy:
    """A forward proxy: answers what is asked of it by itself, and relays what is tunnelled to `target`."""

    def __init__(self, island, server, target):
        self.target = target
        self.asked = []
        self.url = server.serve("proxy", script(lambda *about: self.act(*about)), listener=island.listen("10.0.0.1"))
        self.port = self.url.rsplit(":", 1)[1].strip("/")

    def act(self, server, connection, head):
        line = head.split(b"\r\n")[0].decode()
        self.asked.append((line, b"Proxy-Authorization: Basic dXNlcjpzZXNhbWU=" in head))
        if line.startswith("CONNECT"):
            connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            self.target(connection)
            return False
        connection.sendall(answer(b'{"by": "proxy"}'))
        return True


def tls_end(file):
    """Ends a tunnel: one good answer over TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)

    def talk(connection):
        with context.wrap_socket(connection, server_side=True) as tls:
            tls.recv(65536)
            tls.sendall(answer(b'{"by": "tunnel"}'))

    return talk


def test_a_proxy_judges_names_and_never_sees_denied_addresses(island, workplace, server, far, tmp_path):
    file = certificate(tmp_path, "name", "DNS:name.test", 1)
    proxy = Proxy(island, server, tls_end(file))
    config = f"[Network]\nProxy=http://user:sesame@proxy.test:{proxy.port}\nCAFile={file}\n[Log]\nLogLevel=debug\n"
    daemon = daemon_in(island, workplace, config=config)

    names = ["http://name.test/", "http://private.test/x", f"http://{in_url(PUBLIC[1])}:{far}/"]
    denied = [f"{scheme}://{in_url(a)}:{far}/" for a in DENIED for scheme in ("http", "https")]
    denied += [f"http://{host}:{far}/" for host in SPELLINGS if re.fullmatch(r"[0-9a-fx.:%\[\]]+", host)]
    redirect = server.serve("redirect", redirects("http://10.0.0.1/"), listener=island.listen(PUBLIC[0]))
    stored = run(daemon, [*names, "https://name.test/", *denied, redirect])

    assert {url: outcome(stored[url]) for url in names} == {url: ("ok", 1) for url in names}
    assert outcome(stored["https://name.test/"]) == ("ok", 1), stored["https://name.test/"]
    assert {url: outcome(stored[url]) for url in denied} == {url: ("denied_address", 0) for url in denied}
    lines = {f"GET {url} HTTP/1.1" for url in [*names, redirect]} | {"CONNECT name.test:443 HTTP/1.1"}
    assert {line for line, _ in proxy.asked} == lines and all(known for _, known in proxy.asked)
    assert reached(server) == {"proxy"}

    shown = daemon.ctl("config").stdout
    assert f"http://user:***@proxy.test:{proxy.port}" in shown
    assert "sesame" not in shown + daemon.log.read_text() + json.dumps(list(stored.values()))


def test_a_proxy_that_redirects_to_a_denied_address_is_not_followed(island, workplace, server):
    url = server.serve("proxy", redirects("http://192.168.0.1/"), listener=island.listen("10.0.0.1"))
    daemon = daemon_in(island, workplace, config=f"[Network]\nProxy={url.rstrip('/')}\n")
    stored = run(daemon, ["http://name.test/"])
    assert outcome(stored["http://name.test/"]) == ("denied_address", 1)
    assert [head.split(b"\r\n")[0] for head in server.requests["proxy"]] == [b"GET http://name.test/ HTTP/1.1"]


@pytest.mark.parametrize("proxy", ["proxy.test:3128", "http://user:sesame@proxy.test", "socks5://user:sesame@proxy.test:1"])
def test_what_is_no_proxy_is_refused_at_the_start(workplace, proxy):
    daemon = Daemon(workplace, f"sqlite:{workplace.path}/reqd.db", config=f"[Network]\nProxy={proxy}\n", start=False)
    process = workplace.start([workplace.build / "daemon/reqd", "--config", daemon.config], stderr=-1, text=True)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 2 and f"{daemon.config}:" in told and "http://proxy.example.com:3128" in told
    assert "sesame" not in told
