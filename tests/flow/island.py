"""A network of its own that reaches nowhere: a namespace with only a loopback device that has many addresses.

Whatever a program in it sends stays in it, to public-looking addresses too: a test of what may be reached can fail
without reaching anybody.
"""

import ctypes
import os
import socket
import subprocess
import threading

CLONE_NEWNET = 0x40000000
SETUP = """
set -e
mount --make-rprivate /
touch /etc/hosts /etc/resolv.conf # a bare system may have none, and there is nothing to bind to then
mount --bind "$1/hosts" /etc/hosts
mount --bind "$1/resolv.conf" /etc/resolv.conf
ip link set lo up
shift
for address; do
    case $address in
    *:*) ip address add "$address/128" dev lo nodad ;;
    127.*) ;;
    *) ip address add "$address/32" dev lo ;;
    esac
done
echo up
exec sleep infinity
"""


class Island:
    """@addresses: what the loopback device has beside 127.0.0.0/8 and ::1. @hosts: the lines of /etc/hosts."""

    def __init__(self, path, addresses, hosts):
        (path / "hosts").write_text(hosts)
        (path / "resolv.conf").write_text("nameserver 127.0.0.1\noptions attempts:1 timeout:1\n")  # nobody listens there
        self.process = subprocess.Popen(
            ["unshare", "--net", "--mount", "sh", "-c", SETUP, "island", str(path), *addresses],
            stdout=subprocess.PIPE, text=True,
        )
        assert self.process.stdout.readline() == "up\n", "the namespace could not be made"

    def enter(self):
        """What makes a command run in it, put before that command."""
        return ["nsenter", "--net", "--mount", "--target", str(self.process.pid), "--"]

    def listen(self, address, port=0):
        """A listening socket in it, for this process to use."""
        made = []

        def make():  # only this thread moves there
            with open(f"/proc/{self.process.pid}/ns/net", "rb") as namespace:
                if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            made.append(socket.create_server((address, port), family=family, backlog=128))

        thread = threading.Thread(target=make)
        thread.start()
        thread.join()
        return made[0]

    def end(self):
        self.process.kill()
        self.process.wait()
