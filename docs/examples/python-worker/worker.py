"""A Reprise worker in Python, over Kafka: docs/worker-protocol.md, but for messages between agents and changes of the run.

Worker("127.0.0.1:9092", "shout", lambda task, attempt: task["input"].upper()).run()
"""

import json
import signal
import sys
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from wire import ABORTS, CONTROL, HEARTBEATS, OWN, RESULTS, WORKERS, Wire, headers_of

TOKEN = "dispatchtoken"  # An attribute of a dispatch, where there is one; it goes back with all that is said of its attempt.


class Attempt:
    """One try of a task. `aborted` is set once its outcome is of no use; progress() is a sign of life, and may show something."""

    def __init__(self, wire, message):
        headers = headers_of(message)
        self.wire, self.message, self.task, self.run = wire, message, json.loads(message.value()), headers["ce_runid"]
        self.about = {name: self.task[name] for name in ("taskId", "attempt")}
        self.beside = {TOKEN: headers["ce_" + TOKEN]} if "ce_" + TOKEN in headers else {}
        self.key = f"{self.run}/{self.task['taskId']}/{self.task['attempt']}"
        self.aborted, self.granted, self.future, self.asked = threading.Event(), False, None, 0.0

    def progress(self, value=None):
        self.heard_at = time.monotonic()
        self.say("heartbeat", HEARTBEATS, f"{self.key}/heartbeat", {} if value is None else {"progress": value})

    def command(self, kind, name, data, then=None):
        name = f"{self.key}/{name}"
        self.say("command", RESULTS, name, {"type": kind, "commandId": name, "runId": self.run, **data}, then)

    def say(self, kind, topic, name, data, then=None):
        of = {"runid": self.run, "taskid": self.task["taskId"], "attempt": self.task["attempt"], **self.beside}
        self.wire.publish(kind, topic, self.run, name, {**self.about, **data}, self.task["taskId"], self.run, then, **of)


class Worker:
    """Does the tasks of one agent until SIGTERM or SIGINT: handle(task, attempt) gives the output, or raises (with `code`, `retryable`)."""

    def __init__(self, brokers, agent, handle, concurrency=4, lease_ms=30_000, **wire):
        self.id, self.agent, self.handle, self.concurrency, self.lease = f"python-{uuid.uuid4()}", agent, handle, concurrency, lease_ms / 1000
        self.wire, self.pool = Wire(brokers, agent, self.id, **wire), ThreadPoolExecutor(concurrency)
        self.attempts, self.seen, self.stopping, self.told, self.count = {}, {}, False, (0.0, None), 0

    @property
    def free(self):
        return max(0, self.concurrency - len(self.attempts))

    def announce(self, leaving=False):
        self.count, self.told = self.count + 1, (time.monotonic(), self.free > 0)
        room = {"name": self.agent, "capabilities": [], "concurrency": self.concurrency, "free": self.free}
        data = {"worker": self.id, "agents": [] if leaving else [room], "leaseMs": round(self.lease * 1000)}
        name = f"{self.id}/announcement/{self.count}"
        self.wire.publish("announcement", CONTROL, self.id, name, data, self.id, name, channel=WORKERS)

    def take(self, message):
        """A dispatch. Others may have been handed it, too: tick() claims it, and what may have been begun elsewhere waits for the grant."""
        if (schema := headers_of(message).get("ce_dataschema", "urn:reprise:dispatch:1")) != "urn:reprise:dispatch:1":
            sys.exit(f"this worker is too old for {schema}")
        attempt = Attempt(self.wire, message)
        if attempt.key in self.seen:
            return self.wire.done(message)
        self.seen[attempt.key] = True
        if len(self.seen) > 50_000:
            del self.seen[next(iter(self.seen))]
        self.attempts[attempt.key] = attempt
        if attempt.task["delivery"] == "at-least-once" and not attempt.task.get("claim"):
            self.begin(attempt)

    def begin(self, attempt):
        attempt.heard_at = time.monotonic()
        attempt.future = self.pool.submit(self.handle, attempt.task, attempt)

    def hear(self, message):
        """What is said to all workers, and to this one."""
        headers, data = headers_of(message), json.loads(message.value())
        channel, kind, run = headers.get("reprise-channel"), headers.get("ce_type"), headers.get("ce_runid")
        attempt = self.attempts.get(f"{run}/{data.get('taskId')}/{data.get('attempt')}")
        if channel == WORKERS and kind == "reprise.roll-call":
            self.announce()
        elif channel == ABORTS:
            for one in [one for one in self.attempts.values() if one is attempt or ("taskId" not in data and one.run == run)]:
                self.drop(one, reported=True)
        elif channel == OWN + self.id and kind == "reprise.answer" and data["call"] == 0 and attempt is not None:
            if "error" in data:  # It is another worker's, or over.
                return self.drop(attempt, reported=False)
            attempt.granted = True
            self.wire.done(attempt.message)
            if attempt.future is None:
                self.begin(attempt)

    def drop(self, attempt, reported):
        attempt.aborted.set()
        if attempt.future is None or not reported:
            self.end(attempt)

    def end(self, attempt):
        del self.attempts[attempt.key]
        self.wire.done(attempt.message)

    def tick(self):
        now = time.monotonic()
        for attempt in list(self.attempts.values()):
            silence = attempt.task.get("heartbeatMs")
            if attempt.future is not None and attempt.future.done():
                self.report(attempt)
            elif attempt.future is not None and silence is not None and now - attempt.heard_at > silence / 1000:
                attempt.aborted.set()
                self.fail(attempt, "REPRISE_HEARTBEAT_TIMEOUT", f"The agent gave no heartbeat for {silence} ms.")
            elif not attempt.granted and now - attempt.asked >= 1:
                attempt.asked = now
                attempt.command("StartTask", f"claim/{self.id}", {"worker": self.id, "claims": True})
        if now - self.told[0] >= self.lease / 3:
            for attempt in self.attempts.values():
                attempt.say("heartbeat", HEARTBEATS, f"{attempt.key}/heartbeat", {})
        if now - self.told[0] >= self.lease / 3 or self.told[1] != (self.free > 0):
            self.announce()
        self.wire.producer.poll(0)

    def report(self, attempt):
        error = attempt.future.exception()
        if error is not None:
            return self.fail(attempt, getattr(error, "code", "REPRISE_AGENT_FAILED"), str(error), getattr(error, "retryable", True))
        try:
            output = {"output": attempt.future.result()}
            attempt.command("CompleteTask", "complete", output, lambda: self.wire.done(attempt.message))
            del self.attempts[attempt.key]
        except (TypeError, ValueError) as wrong:
            self.fail(attempt, "REPRISE_OUTPUT_INVALID", f"The output is not plain JSON: {wrong}.", False)

    def fail(self, attempt, code, message, retryable=True, **more):
        del self.attempts[attempt.key]
        error = {"code": str(code)[:128], "message": message[:4000], "retryable": bool(retryable)}
        attempt.command("FailTask", "fail", {"error": error, "worker": self.id, **more}, lambda: self.wire.done(attempt.message))

    def run(self, drain=30):
        for one in (signal.SIGTERM, signal.SIGINT):
            signal.signal(one, lambda *_: setattr(self, "stopping", True))
        self.wire.open(self.wire.make_topics(lambda: self.stopping))
        paused = False
        while not self.stopping:
            for message in self.wire.heard():
                self.hear(message)
            for message in self.wire.taken_up(wait=0.05):
                self.take(message)
            self.tick()
            if paused != (self.free == 0):
                paused = not paused
                (self.wire.dispatches.pause if paused else self.wire.dispatches.resume)(self.wire.dispatches.assignment())
        self.stop(time.monotonic() + drain)

    def stop(self, until):
        """Takes nothing more, and waits for what runs. What is broken off then is lost at once; what was not granted is another's."""
        self.announce(leaving=True)
        while any(one.future is not None for one in self.attempts.values()) and time.monotonic() < until:
            time.sleep(0.05)
            for attempt in [one for one in self.attempts.values() if one.future is not None and one.future.done()]:
                self.report(attempt)
        for attempt in [one for one in self.attempts.values() if one.granted]:
            attempt.aborted.set()
            code = "REPRISE_OUTCOME_UNKNOWN" if attempt.task["delivery"] == "at-most-once" else "REPRISE_WORKER_LOST"
            self.fail(attempt, code, "The worker stopped.", lost=True)
        self.wire.close()
        self.pool.shutdown(wait=False, cancel_futures=True)
