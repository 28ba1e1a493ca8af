#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Starts a program, and plays its service manager.

Usage: supervise.py FOLDER PROGRAM ARGUMENT...

Prints one line: "ready PID" when it says READY=1, or "ended STATUS" when it
ends before. What it says goes to FOLDER/notified, a message a line. Ends with
its exit status, 128 + N when signal N killed it. No test takes as long as a
program may: then it is killed.
"""

import os
import selectors
import socket
import subprocess
import sys
import time

LIFETIME_S = 180


def say(text):
    """The one line; nobody reads any further."""
    print(text, flush=True)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def open_socket(path):
    if os.path.exists(path):
        os.unlink(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.bind(path)
    return sock


def follow(sock, child, log):
    """Until the child ends; its end closes the pipe it inherited."""
    is_ready = False
    end_s = time.monotonic() + LIFETIME_S
    selector = selectors.DefaultSelector()
    selector.register(sock, selectors.EVENT_READ)
    selector.register(child.stdout, selectors.EVENT_READ)
    while True:
        if time.monotonic() > end_s:
            child.kill()
        for key, _ in selector.select(timeout=LIFETIME_S):
            if key.fileobj is sock:
                message = sock.recv(4096).decode()
                print(message.replace("\n", " "), file=log, flush=True)
                if "READY=1" in message and not is_ready:
                    is_ready = True
                    say(f"ready {child.pid}")
            elif not os.read(child.stdout.fileno(), 65536):
                return is_ready


def main():
    folder, program = sys.argv[1], sys.argv[2:]
    sock = open_socket(os.path.join(folder, "notify"))
    environment = dict(os.environ,
                       NOTIFY_SOCKET=os.path.join(folder, "notify"))
    child = subprocess.Popen(program, env=environment,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    with open(os.path.join(folder, "notified"), "w", encoding="utf-8") as log:
        is_ready = follow(sock, child, log)
    status = child.wait()
    status = status if status >= 0 else 128 - status
    if not is_ready:
        say(f"ended {status}")
    return status


if __name__ == "__main__":
    sys.exit(main())
