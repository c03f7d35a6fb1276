# The agent of python-worker.int.ts: <brokers> <namespace> <file>. Whatever it is told to do, it says so in the file.
import os
import sys
import time

sys.path.insert(0, sys.argv[4])
from worker import Worker  # noqa: E402

BROKERS, NAMESPACE, FILE = sys.argv[1:4]


class Declined(Exception):
    code, retryable = "CARD_DECLINED", False


def note(*words):
    with open(FILE, "a") as file:
        file.write(" ".join(str(word) for word in words) + "\n")


def handle(task, attempt):
    deed = task["input"]["do"]
    note(deed, task["attempt"], os.getpid())
    if deed == "shout":
        attempt.progress({"half": True})
        return {"text": task["input"]["text"].upper(), "key": task["idempotencyKey"]}
    if deed == "decline":
        raise Declined("no, é")
    if deed == "give-nan":
        return float("nan")
    if deed == "sleep":
        for _ in range(round(task["input"]["s"] * 20)):
            if attempt.aborted.is_set():
                note("aborted")
                return None
            time.sleep(0.05)
        return task["attempt"]
    return None


Worker(BROKERS, "python", handle, namespace=NAMESPACE, concurrency=2, lease_ms=2000).run()
