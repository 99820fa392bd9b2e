"""Runs an untrusted program against checks, and says how it went.

Three processes. The supervisor reads a job from its standard input, keeps the time and prints the verdict (one line
of JSON). The checker runs the checks, which it reads itself, after the candidate's process has begun. The candidate
runs the program; it shares no memory, no file descriptor and no process id with the checker: calls and results cross
as plain data, so that an object cannot claim to equal everything and a program can neither see its checks nor write
its own verdict.

Standard input: the job, then the checks, each a message as `send` writes it; then it stays open. When it closes
before the verdict, whoever started us is gone, and everything ends.

Checker and candidate live in new user, mount, process, network, IPC and host name namespaces, on a root of
read-only system folders and one small writable one, without capabilities, under resource limits and a system call
filter that refuses sockets, new processes, new programs and everything that changes the machine. Whatever of this
cannot be had ends the run with SANDBOX_ERROR before the program has begun.
"""

import builtins
import ctypes
import importlib
import json
import os
import platform
import resource
import select
import signal
import struct
import sys
import time

# Nothing is imported from the folder that the candidate writes to.
sys.path[:] = [folder for folder in sys.path if folder]

MESSAGE_LIMIT = 16 << 20
DEPTH_LIMIT = 60
OUTPUT_KEPT = 4096

libc = ctypes.CDLL(None, use_errno=True)


class SandboxError(Exception):
    """The machine does not give what the sandbox needs."""


def call(name, *arguments):
    if getattr(libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise SandboxError("%s: %s" % (name, os.strerror(number)))


# Namespaces ---------------------------------------------------------------------------------------------------

NEW_MOUNTS, NEW_HOST_NAME, NEW_IPC = 0x20000, 0x4000000, 0x8000000
NEW_USERS, NEW_PROCESSES, NEW_NETWORK = 0x10000000, 0x20000000, 0x40000000
NOBODY = 65534


def write_text(path, text):
    with open(path, "w") as file:
        file.write(text)


def enter_namespaces():
    """New namespaces; user 0 inside is who we are, and user NOBODY is there as well if we may say so."""
    user, group, parent = os.geteuid(), os.getegid(), os.getpid()
    ready, go = os.pipe()
    helper = 0
    if user == 0:
        # Only a process outside may map two users.
        helper = os.fork()
        if helper == 0:
            os.close(go)
            os.read(ready, 1)
            try:
                write_text("/proc/%d/uid_map" % parent, "0 0 1\n%d %d 1\n" % (NOBODY, NOBODY))
                write_text("/proc/%d/gid_map" % parent, "0 0 1\n%d %d 1\n" % (NOBODY, NOBODY))
            except OSError:
                os._exit(1)
            os._exit(0)
    call("unshare", NEW_USERS | NEW_MOUNTS | NEW_PROCESSES | NEW_NETWORK | NEW_IPC | NEW_HOST_NAME)
    os.write(go, b"x")
    os.close(ready)
    os.close(go)
    if helper and os.waitpid(helper, 0)[1] == 0:
        return True
    try:
        write_text("/proc/self/setgroups", "deny")
        write_text("/proc/self/gid_map", "0 %d 1" % group)
        write_text("/proc/self/uid_map", "0 %d 1" % user)
    except OSError as error:
        raise SandboxError("mapping of users: %s" % error.strerror)
    return False


READ_ONLY, NO_SETUID, NO_DEVICES, REMOUNT, BIND, RECURSIVE, PRIVATE = 1, 2, 4, 32, 4096, 16384, 1 << 18
DETACH = 2
KEPT_FLAGS = ((1, 1), (2, 2), (4, 4), (8, 8), (0x400, 0x400), (0x800, 0x800), (0x1000, 1 << 21))


def mount(source, target, kind=None, flags=0, data=None):
    encoded = [None if text is None else text.encode() for text in (source, target, kind, data)]
    if libc.mount(encoded[0], encoded[1], encoded[2], ctypes.c_ulong(flags), encoded[3]) != 0:
        number = ctypes.get_errno()
        raise SandboxError("mount of %s: %s" % (target, os.strerror(number)))


def mounts_under(folder):
    found = []
    with open("/proc/self/mountinfo") as lines:
        for line in lines:
            point = line.split()[4].encode().decode("unicode_escape")
            if point == folder or point.startswith(folder.rstrip("/") + "/"):
                found.append(point)
    return found


def bind_read_only(source, target):
    mount(source, target, None, BIND | RECURSIVE)
    for point in mounts_under(target):
        flags = os.statvfs(point).f_flag
        kept = sum(flag for bit, flag in KEPT_FLAGS if flags & bit)
        mount(None, point, None, BIND | REMOUNT | READ_ONLY | NO_SETUID | kept)


def build_root(folder, roots, scratch_bytes):
    """A root of the given folders, read-only, with a writable /tmp of limited size."""
    mount(None, "/", None, RECURSIVE | PRIVATE)
    mount("tmpfs", folder, "tmpfs", NO_SETUID | NO_DEVICES, "size=1m,mode=755")
    for root in roots:
        target = folder + root
        if os.path.islink(root):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            os.symlink(os.readlink(root), target)
        elif os.path.isdir(root):
            os.makedirs(target, exist_ok=True)
            bind_read_only(root, target)
    os.makedirs(folder + "/dev")
    for device in ("null", "zero", "urandom"):
        os.close(os.open(folder + "/dev/" + device, os.O_CREAT | os.O_WRONLY, 0o600))
        mount("/dev/" + device, folder + "/dev/" + device, None, BIND)
    os.makedirs(folder + "/tmp")
    mount("tmpfs", folder + "/tmp", "tmpfs", NO_SETUID | NO_DEVICES, "size=%d,mode=1777" % scratch_bytes)
    mount(None, folder, None, BIND | REMOUNT | READ_ONLY | NO_SETUID | NO_DEVICES)
    os.chdir(folder)
    pivot = {"x86_64": 155, "aarch64": 41}[platform.machine()]
    if libc.syscall(pivot, b".", b".") != 0:
        raise SandboxError("pivot_root: %s" % os.strerror(ctypes.get_errno()))
    call("umount2", b".", DETACH)
    os.chdir("/tmp")


# Privileges, limits, system calls -----------------------------------------------------------------------------

DENIED = {
    "x86_64": (
        29, 30, 31, 64, 65, 66, 68, 69, 70, 71, 220, 240, 241,  # shared memory, semaphores, message queues
        41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 53, 288, 299, 307,  # sockets
        57, 58, 59, 322,  # fork, vfork, execve, execveat
        101, 134, 135, 155, 161, 163, 165, 166, 167, 168, 169, 170, 171, 172, 173, 175, 176, 179, 180,
        212, 246, 248, 249, 250, 256, 272, 279, 298, 300, 303, 304, 308, 310, 311, 312, 313, 319, 320, 321, 323),
    "aarch64": (
        180, 181, 186, 187, 188, 189, 190, 191, 192, 193, 194, 195, 196,
        198, 199, 200, 201, 202, 203, 206, 207, 210, 211, 212, 242, 243, 269,
        221, 281,
        117, 92, 41, 51, 89, 40, 39, 224, 225, 142, 161, 162, 105, 106, 60,
        18, 104, 217, 218, 219, 238, 97, 239, 241, 262, 264, 265, 268, 270, 271, 272, 273, 279, 294, 280, 282),
}
DENIED_EVERYWHERE = (425, 426, 427, 428, 429, 430, 431, 432, 433, 434, 438, 442, 447)
CLONE = {"x86_64": 56, "aarch64": 220}
CLONE3 = 435
CLONE_THREAD = 0x10000
AUDIT_NAME = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050000, 0x80000000
NOT_PERMITTED, NOT_IMPLEMENTED = 1, 38
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06


class Instruction(ctypes.Structure):
    _fields_ = [("code", ctypes.c_ushort), ("true", ctypes.c_ubyte), ("false", ctypes.c_ubyte), ("k", ctypes.c_uint)]


class Filter(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("first", ctypes.POINTER(Instruction))]


def filter_system_calls():
    machine = platform.machine()
    program = [(LOAD, 0, 0, 4), (EQUAL, 1, 0, AUDIT_NAME[machine]), (RETURN, 0, 0, KILL), (LOAD, 0, 0, 0)]
    if machine == "x86_64":
        program += [(AT_LEAST, 0, 1, 0x40000000), (RETURN, 0, 0, REFUSE | NOT_PERMITTED)]
    for number in DENIED[machine] + DENIED_EVERYWHERE:
        program += [(EQUAL, 0, 1, number), (RETURN, 0, 0, REFUSE | NOT_PERMITTED)]
    program += [(EQUAL, 0, 1, CLONE3), (RETURN, 0, 0, REFUSE | NOT_IMPLEMENTED)]
    program += [
        (EQUAL, 0, 4, CLONE[machine]),
        (LOAD, 0, 0, 16),
        (ANY_BIT, 1, 0, CLONE_THREAD),
        (RETURN, 0, 0, REFUSE | NOT_PERMITTED),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, ALLOW),
    ]
    code = (Instruction * len(program))(*[Instruction(*one) for one in program])
    call("prctl", 22, 2, ctypes.byref(Filter(len(program), code)), 0, 0)


class CapabilityHeader(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint), ("pid", ctypes.c_int)]


def die_with_parent():
    call("prctl", 1, signal.SIGKILL, 0, 0, 0)


def give_up_privileges(mapped_nobody):
    if mapped_nobody:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    call("prctl", 38, 1, 0, 0, 0)
    call("prctl", 4, 0, 0, 0, 0)
    call("capset", ctypes.byref(CapabilityHeader(0x20080522, 0)), ctypes.byref((ctypes.c_uint * 6)()))
    die_with_parent()
    filter_system_calls()


def limit(memory_bytes, cpu_seconds, scratch_bytes):
    for what, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_FSIZE, scratch_bytes),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))


# What crosses between candidate and checker -------------------------------------------------------------------


class Broken(Exception):
    """The other side ended, or what it sent is not a message."""


def send(descriptor, message):
    data = json.dumps(message, separators=(",", ":")).encode("utf-8", "surrogatepass")
    data = struct.pack(">I", len(data)) + data
    while data:
        data = data[os.write(descriptor, data):]


def receive_exactly(descriptor, count):
    data = bytearray()
    while len(data) < count:
        part = os.read(descriptor, min(1 << 20, count - len(data)))
        if not part:
            raise Broken("the program ended")
        data += part
    return bytes(data)


def receive(descriptor):
    (size,) = struct.unpack(">I", receive_exactly(descriptor, 4))
    if size > MESSAGE_LIMIT:
        raise Broken("a result of %d bytes" % size)
    try:
        return json.loads(receive_exactly(descriptor, size).decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        raise Broken("a result that is no data")


def encode(value, opaque, depth=0):
    """Plain data as JSON; what is none goes through `opaque`."""
    if depth > DEPTH_LIMIT:
        raise ValueError("a value nested more than %d deep" % DEPTH_LIMIT)
    inner = depth + 1
    if value is None or value is True or value is False:
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return {"i": "%x" % int(value)}
    if isinstance(value, float):
        return {"f": float(value).hex()}
    if isinstance(value, complex):
        return {"c": [value.real.hex(), value.imag.hex()]}
    if isinstance(value, (bytes, bytearray)):
        return {"b" if isinstance(value, bytes) else "a": bytes(value).hex()}
    if isinstance(value, list):
        return [encode(one, opaque, inner) for one in list.__iter__(value)]
    if isinstance(value, tuple):
        return {"t": [encode(one, opaque, inner) for one in tuple.__iter__(value)]}
    if isinstance(value, (set, frozenset)):
        return {"s" if isinstance(value, set) else "z": [encode(one, opaque, inner) for one in value]}
    if isinstance(value, dict):
        return {"d": [[encode(k, opaque, inner), encode(v, opaque, inner)] for k, v in dict.items(value)]}
    if isinstance(value, range):
        return {"g": [encode(one, opaque, inner) for one in (value.start, value.stop, value.step)]}
    if isinstance(value, type) and getattr(builtins, value.__name__, None) is value:
        return {"y": value.__name__}
    if isinstance(value, type(sys)) and value.__name__ in sys.stdlib_module_names:
        return {"m": value.__name__}
    return {"r": opaque(value)}


def decode(data, reference):
    if not isinstance(data, dict):
        return [decode(one, reference) for one in data] if isinstance(data, list) else data
    ((kind, content),) = data.items()
    if kind == "i":
        return int(content, 16)
    if kind == "f":
        return float.fromhex(content)
    if kind == "c":
        return complex(float.fromhex(content[0]), float.fromhex(content[1]))
    if kind == "b":
        return bytes.fromhex(content)
    if kind == "a":
        return bytearray.fromhex(content)
    if kind == "d":
        return {decode(k, reference): decode(v, reference) for k, v in content}
    if kind == "y":
        return getattr(builtins, content)
    if kind == "m" and content in sys.stdlib_module_names:
        return importlib.import_module(content)
    if kind == "r":
        return reference(content)
    items = [decode(one, reference) for one in content]
    return {"t": tuple, "s": set, "z": frozenset, "g": lambda list_: range(*list_)}[kind](items)


# The candidate ------------------------------------------------------------------------------------------------


def run_candidate(source, commands, results):
    """Executes the program, then what the checker asks for: calls, and steps of iterators."""
    objects = []

    def reference(description):
        return objects[description[0]]

    def opaque(value):
        objects.append(value)
        return [len(objects) - 1, type(value).__name__, callable(value)]

    def failure(error):
        return {"error": [c.__name__ for c in type(error).__mro__], "text": str(error)[:300]}

    names = {"__name__": "candidate", "__builtins__": __builtins__}
    try:
        code = compile(source, "<candidate>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        send(results, {"syntax": "%s: %s" % (type(error).__name__, error)})
        return
    try:
        exec(code, names)
        public = {}
        for name, value in list(names.items()):
            if name.startswith("__"):
                continue
            try:
                public[name] = encode(value, opaque)
            except (ValueError, RecursionError):
                continue
        send(results, {"names": public})
    except BaseException as error:
        send(results, failure(error))
        return
    while True:
        try:
            command = receive(commands)
        except Broken:
            return
        try:
            target = objects[command["object"]]
            if command["do"] == "call":
                arguments = decode(command["arguments"], reference)
                keywords = decode(command["keywords"], reference)
                value = target(*arguments, **keywords)
                # A checker may look at what a function did to its arguments.
                reply = {"value": encode(value, opaque), "arguments": encode(list(arguments), opaque)}
            elif command["do"] == "iterate":
                reply = {"value": {"r": opaque(iter(target))}}
            elif command["do"] == "next":
                try:
                    reply = {"value": encode(next(target), opaque)}
                except StopIteration:
                    reply = {"end": True}
            elif command["do"] == "set":
                setattr(target, command["name"], decode(command["value"], reference))
                reply = {"value": None}
            elif command["do"] == "attribute":
                reply = {"value": encode(getattr(target, command["name"]), opaque)}
            else:
                reply = {"value": len(target)}
        except BaseException as error:
            reply = failure(error)
        send(results, reply)


# The checker --------------------------------------------------------------------------------------------------


class CandidateFailure(Exception):
    """Raised in the checks where the program raised; `names` are its classes."""

    def __init__(self, names, text):
        Exception.__init__(self, "%s: %s" % (names[0], text))
        self.names = names


def raised(names, text):
    """An exception that `except ValueError` and the like in the checks catches."""
    for name in names:
        kind = getattr(builtins, name, None)
        if isinstance(kind, type) and issubclass(kind, Exception) and kind is not Exception:
            mixed = type(names[0], (CandidateFailure, kind), {})
            try:
                return mixed(names, text)
            except TypeError:
                break
    return CandidateFailure(names, text)


class Link:
    """The checker's end of the conversation."""

    def __init__(self, commands, results):
        self.commands = commands
        self.results = results

    def ask(self, message):
        try:
            send(self.commands, message)
        except OSError:
            raise Broken("the program ended")
        reply = receive(self.results)
        if not isinstance(reply, dict):
            raise Broken("a result that is no data")
        if "error" in reply:
            names = [str(name) for name in reply["error"]] or ["Exception"]
            raise raised(names, str(reply.get("text")))
        return reply

    def value(self, data):
        try:
            return decode(data, self.reference)
        except (ValueError, TypeError, KeyError, RecursionError, AttributeError):
            raise Broken("a result that is no data")

    def reference(self, description):
        number, kind, callable_ = description
        return (Callable if callable_ else Opaque)(self, int(number), str(kind))


class Opaque:
    """Something of the program that is not plain data. It equals itself only."""

    def __init__(self, link, number, kind):
        self.__dict__.update(_link=link, _number=number, _kind=kind)

    def __eq__(self, other):
        return isinstance(other, Opaque) and other._number == self._number

    def __hash__(self):
        return hash(self._number)

    def __iter__(self):
        link = self._link
        walker = link.value(link.ask({"do": "iterate", "object": self._number})["value"])
        while True:
            reply = link.ask({"do": "next", "object": walker._number})
            if "end" in reply:
                return
            yield link.value(reply.get("value"))

    def __len__(self):
        return self._link.value(self._link.ask({"do": "length", "object": self._number})["value"])

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self._link.value(self._link.ask({"do": "attribute", "object": self._number, "name": name})["value"])

    def __setattr__(self, name, value):
        encoded = encode(value, number_of)
        self._link.ask({"do": "set", "object": self._number, "name": name, "value": encoded})

    def __repr__(self):
        return "<%s of the program>" % self._kind


def number_of(value):
    if isinstance(value, Opaque):
        return [value._number, value._kind, isinstance(value, Callable)]
    raise SandboxError("the checks pass a %s, which cannot cross" % type(value).__name__)


class Callable(Opaque):
    def __call__(self, *arguments, **keywords):
        link = self._link
        reply = link.ask({
            "do": "call",
            "object": self._number,
            "arguments": encode(list(arguments), number_of),
            "keywords": encode(keywords, number_of),
        })
        after = link.value(reply.get("arguments"))
        for before, now in zip(arguments, after):
            if type(before) is list and type(now) is list:
                before[:] = now
            elif type(before) in (dict, set) and type(now) is type(before):
                before.clear()
                before.update(now)
        return link.value(reply.get("value"))

    __hash__ = Opaque.__hash__


def run_checks(checks, commands, results):
    """Executes the checks over the names of the program; returns outcome and detail."""
    link = Link(commands, results)
    try:
        first = receive(results)
        if "syntax" in first:
            return "SYNTAX", str(first["syntax"])
        if "error" in first:
            return named(first["error"]), "%s: %s" % (first["error"][0], first.get("text"))
        names = {"__name__": "checks", "__builtins__": __builtins__}
        for name, data in first["names"].items():
            names[name] = link.value(data)
        exec(compile(checks, "<checks>", "exec", dont_inherit=True), names)
        return "PASS", ""
    except Broken as error:
        return "ENDED", str(error)
    except CandidateFailure as error:
        return named(error.names), str(error)
    except AssertionError as error:
        return "ASSERT", str(error)
    except SandboxError as error:
        return "SANDBOX_ERROR", str(error)
    except MemoryError:
        return "MEMORY", "the checks"
    except RecursionError as error:
        return "EXCEPTION", str(error)
    except Exception as error:
        return "EXCEPTION", "%s: %s" % (type(error).__name__, error)


def named(classes):
    return "MEMORY" if "MemoryError" in classes else "EXCEPTION"


# The processes ------------------------------------------------------------------------------------------------


def close_all_but(*kept):
    for descriptor in range(0, 256):
        if descriptor not in kept:
            try:
                os.close(descriptor)
            except OSError:
                pass


def inside(job, verdicts, ready, output):
    """Process 1 of the new namespaces: builds the root, starts the candidate, is the checker."""
    die_with_parent()
    mapped = job["mapped_nobody"]
    build_root(job["folder"], job["roots"], job["scratch_bytes"])
    call("unshare", NEW_PROCESSES)
    commands_read, commands_write = os.pipe()
    results_read, results_write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            die_with_parent()
            null = os.open("/dev/null", os.O_RDONLY)
            os.dup2(null, 0)
            os.dup2(output, 1)
            os.dup2(output, 2)
            close_all_but(0, 1, 2, commands_read, results_write)
            limit(job["memory_bytes"], job["cpu_seconds"], job["scratch_bytes"])
            give_up_privileges(mapped)
        except BaseException as error:
            send(results_write, {"sandbox": str(error)})
            os._exit(1)
        send(results_write, {"ready": True})
        try:
            run_candidate(job["candidate"], commands_read, results_write)
        finally:
            os._exit(0)
    os.close(commands_read)
    os.close(results_write)
    checks = receive(0)
    close_all_but(2, verdicts, ready, commands_write, results_read)
    limit(job["memory_bytes"], 4 * job["cpu_seconds"] + 5, job["scratch_bytes"])
    give_up_privileges(mapped)
    first = receive(results_read)
    if "ready" not in first:
        raise SandboxError(first.get("sandbox", "the candidate's process did not start"))
    os.write(ready, b"x")
    outcome, detail = run_checks(checks, commands_write, results_read)
    if outcome == "ENDED":
        status = wait_for(child)
        outcome, detail = ended(status, detail)
    send(verdicts, {"outcome": outcome, "detail": detail[:500]})


def wait_for(child):
    """The exit status of the candidate, which closed its end; nothing if it stays."""
    deadline = time.monotonic() + 1
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status
        time.sleep(0.005)
    return None


def ended(status, detail):
    if status is None:
        return "KILLED", "the program closed the way to its checks"
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number in (signal.SIGXCPU, signal.SIGKILL):
            return "TIMEOUT", "processor time"
        return "KILLED", "signal %d" % number
    if detail != "the program ended":
        return "KILLED", detail
    return "KILLED", "the program ended before its checks, with status %d" % os.WEXITSTATUS(status)


def supervise(child, verdicts, ready, output, wall_seconds):
    """Waits for the verdict; ends everything at the deadline, or when whoever started us is gone."""
    kept = bytearray()
    verdict = None
    deadline = time.monotonic() + 20
    watched = {verdicts, ready, output}
    while verdict is None:
        left = deadline - time.monotonic()
        if left <= 0:
            verdict = {"outcome": "TIMEOUT", "detail": "wall time"}
            break
        readable = select.select(list(watched), [], [], left)[0]
        if ready in readable:
            os.read(ready, 1)
            watched.discard(ready)
            watched.add(0)
            deadline = time.monotonic() + wall_seconds
        if output in readable:
            part = os.read(output, 1 << 16)
            kept += part[: max(0, OUTPUT_KEPT - len(kept))]
            if not part:
                watched.discard(output)
        if verdicts in readable:
            try:
                verdict = receive(verdicts)
            except Broken:
                verdict = {"outcome": "SANDBOX_ERROR", "detail": "the checker ended without a verdict"}
        if 0 in readable and not os.read(0, 1 << 16):
            os.kill(child, signal.SIGKILL)
            os._exit(1)
    try:
        os.kill(child, signal.SIGKILL)
    except ProcessLookupError:
        pass
    os.waitpid(child, 0)
    verdict["output"] = kept.decode("utf-8", "replace")
    return verdict


def main():
    job = receive(0)
    try:
        if platform.machine() not in DENIED:
            raise SandboxError("no table of system calls for %s" % platform.machine())
        job["mapped_nobody"] = enter_namespaces()
        verdicts_read, verdicts_write = os.pipe()
        ready_read, ready_write = os.pipe()
        output_read, output_write = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.close(verdicts_read)
                os.close(ready_read)
                os.close(output_read)
                inside(job, verdicts_write, ready_write, output_write)
            except BaseException as error:
                send(verdicts_write, {"outcome": "SANDBOX_ERROR", "detail": str(error) or type(error).__name__})
            os._exit(0)
        os.close(verdicts_write)
        os.close(ready_write)
        os.close(output_write)
        verdict = supervise(child, verdicts_read, ready_read, output_read, job["wall_seconds"])
    except (SandboxError, OSError) as error:
        verdict = {"outcome": "SANDBOX_ERROR", "detail": str(error), "output": ""}
    verdict["python"] = platform.python_version()
    os.write(1, (json.dumps(verdict) + "\n").encode())


main()
