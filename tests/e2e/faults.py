"""A network that misbehaves on purpose: a proxy on loopback between the driver and a lab host, or a host that says nothing. Each fault
says whether it was delivered, as a connection may end before its turn comes."""
import socket
import struct
import threading
import time

UP, DOWN = "up", "down"  # from the client to the host, and back


class Fault:
    """After `offset` bytes of a connection in one direction, `action` happens to it."""

    def __init__(self, action, offset=0, direction=DOWN, seconds=12.0):
        self.action, self.offset, self.direction, self.seconds = action, offset, direction, seconds
        self.delivered = 0  # times


class Proxy:
    """Passes connections on to a port of loopback. faults: one for each connection on which the client speaks, in turn, None for one that
    is left alone; the last holds for all that follow. A target of None is a host that accepts and says nothing."""

    def __init__(self, target, *faults):
        self.target, self.faults = target, faults or (None,)
        self.connections = 0
        self.passed = {UP: [], DOWN: []}  # bytes, by connection
        self.sockets, self.threads = [], []
        self.lock, self.closing = threading.Lock(), threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self.start(self.accept)

    def start(self, function, *arguments):
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        self.threads.append(thread)
        thread.start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.sockets.append(client)
            self.start(self.serve, client)

    def serve(self, client):
        try:
            if not client.recv(1, socket.MSG_PEEK):  # somebody only tried whether there is a host
                client.close()
                return
        except OSError:
            return
        with self.lock:
            number = self.connections
            self.connections += 1
            self.passed[UP].append(0)
            self.passed[DOWN].append(0)
        if self.target is None:
            return
        try:
            host = socket.create_connection(("127.0.0.1", self.target), timeout=10)
        except OSError:
            client.close()
            return
        host.settimeout(None)
        self.sockets.append(host)
        for side in client, host:
            side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        fault = self.faults[min(number, len(self.faults) - 1)]
        dead = threading.Event()
        self.start(self.pump, client, host, UP, number, fault, dead)
        self.pump(host, client, DOWN, number, fault, dead)

    def pump(self, source, sink, direction, number, fault, dead):
        mine = fault if fault and fault.direction == direction else None
        try:
            while not dead.is_set():
                data = source.recv(65536)
                if not data:
                    sink.shutdown(socket.SHUT_WR)
                    return
                if dead.is_set():
                    return
                done = self.passed[direction][number]
                if mine and done + len(data) > mine.offset:
                    before = data[:max(0, mine.offset - done)]
                    sink.sendall(before)
                    self.passed[direction][number] += len(before)
                    mine.delivered += 1
                    data = self.strike(mine, data[len(before):], source, sink, direction, number, dead)
                    if mine.action not in ("trickle", "rate"):
                        mine = None
                if data:
                    sink.sendall(data)
                    self.passed[direction][number] += len(data)
        except OSError:
            pass

    def strike(self, fault, data, source, sink, direction, number, dead):
        """What is passed on of the data after all."""
        client = sink if direction == DOWN else source
        if fault.action == "black hole":
            dead.set()
            self.closing.wait()
            return b""
        if fault.action in ("reset", "close"):
            dead.set()
            if fault.action == "reset":
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                client.shutdown(socket.SHUT_RD)  # a thread that waits in recv() would hold the reset back
                time.sleep(0.05)
                client.close()
            else:
                client.shutdown(socket.SHUT_RDWR)
            (source if sink is client else sink).close()
            return b""
        if fault.action == "half close":  # the host says no more, and reads on
            sink.shutdown(socket.SHUT_WR)
            dead.set()
            self.closing.wait()
            return b""
        if fault.action == "garbage":
            return bytes(byte * 131 + 89 & 255 for byte in data)
        if fault.action == "again":
            return data + data
        if fault.action == "flip":
            return bytes([data[0] ^ 1]) + data[1:]
        if fault.action == "delay":
            self.closing.wait(fault.seconds)
            return data
        step, pause = (1, 0.5) if fault.action == "trickle" else (10, 0.1)  # a byte in half a second, 100 in a second
        for at in range(0, len(data), step):
            if self.closing.wait(pause) or dead.is_set():
                return b""
            sink.sendall(data[at:at + step])
            self.passed[direction][number] += len(data[at:at + step])
        return b""

    def close(self):
        self.closing.set()
        self.listener.close()
        for side in self.sockets:
            side.close()
