"""What schemathesis has to know of this mall: who is calling, what an error is, what was seen.

FUZZ_ENV is the file of addresses, FUZZ_SIDE is `wx` or `admin`, FUZZ_OUT the folder for the tally.
"""

import atexit
import collections
import json
import os
import sys
import threading

import schemathesis

sys.path.insert(0, os.path.dirname(__file__))
import mall as house  # noqa: E402

SIDE = os.environ["FUZZ_SIDE"]
# Demo data counts its ids from 1, so a small id often names something.
IDS = 60
# Texts of which only some are taken; most drawn ones would end at the first look.
TIMES = ["2025-01-01 00:00:00", "2026-11-30 20:00:00", "2099-12-31 23:59:59"]
WORDS = {
    "order": ["asc", "desc"],
    "sort": ["add_time", "id"],
    "start": TIMES,
    "end": TIMES,
    "startTime": TIMES,
    "endTime": TIMES,
    "expireTime": TIMES,
    "mobile": ["13800138000"],
    "code": ["test"],
    "export": ["csv"],
    "date": ["2026-12-24", "2099-01-01"],
    "from": ["08:00"],
    "to": ["22:00"],
    "picUrl": ["", "/wx/art/tin-0.png"],
    "state": ["on", "off", "open", "draft"],
    "name": ["a name", "another name", "=name", "名字"],
    "username": ["somebody1", "somebody2"],
    "goodsSn": ["1001", "1002", "1003"],
}
# Numbers up to which most of what is counted here goes.
FEW = 30
# Calls that answer 501 or 506 whoever asks.
ALWAYS_REFUSED = {"/admin/auth/401", "/admin/auth/403"}

mall = house.Mall()
sessions = house.ShopperSessions(mall) if SIDE == "wx" else house.StaffSessions(mall)
# Fixed from here on, so that a drawn call stays the same call when it is tried again.
known = house.known_ids(mall, SIDE, {sessions.header: sessions.token})
lock = threading.Lock()
tally = collections.defaultdict(collections.Counter)
# What the refusals of a call say: where most of them stop is where the next word is missing.
reasons = collections.defaultdict(collections.Counter)


def is_id(name):
    return name in ("id", "ids") or name.endswith(("Id", "Ids"))


def near(value, ids):
    """Every second id as one that exists, so that a call gets past the look-up."""
    if isinstance(value, list):
        return [near(item, ids) for item in value]
    if not isinstance(value, int) or isinstance(value, bool) or value % 2:
        return value
    if ids:
        return ids[value // 2 % len(ids)]
    return value % IDS + 1 if value > IDS else value


def likely(name, value, resource):
    """Half of what is drawn, as something a call can go on with."""
    if is_id(name):
        one = name.removesuffix("s")
        rows = resource if one == "id" else one.removesuffix("Id")
        return near(value, known.get(one, []) + known.get(f"{rows}.id", []))
    if name in WORDS and isinstance(value, str) and len(value) % 2 == 0:
        return WORDS[name][len(value) // 2 % len(WORDS[name])]
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value // 1 % 2 == 0:
        return value % FEW if isinstance(value, int) else round(value % FEW, 2)
    return likelier(value, resource)


def likelier(value, resource):
    if isinstance(value, dict):
        return {name: likely(name, item, resource) for name, item in value.items()}
    if isinstance(value, list):
        return [likelier(item, resource) for item in value]
    return value


def resource_of(ctx):
    return ctx.operation.path.split("/")[2]


@schemathesis.hook
def map_query(ctx, query):
    return likelier(query, resource_of(ctx))


@schemathesis.hook
def map_body(ctx, body):
    return likelier(body, resource_of(ctx))


@schemathesis.hook
def before_call(ctx, case, kwargs):
    case.headers[sessions.header] = sessions.token


@schemathesis.hook
def after_call(ctx, case, response):
    path = case.operation.path
    said = errno(response)
    with lock:
        tally[f"{case.operation.method.upper()} {path}"][str(said)] += 1
        if said in (401, 402):
            reasons[f"{case.operation.method.upper()} {path}"][response.json()["errmsg"]] += 1
        if said in (501, 506) and path not in ALWAYS_REFUSED:
            sessions.lost()


def errno(response):
    """The code in an envelope, or the HTTP status where there is none."""
    try:
        return response.json()["errno"]
    except (ValueError, KeyError, TypeError):
        return f"HTTP {response.status_code}"


@schemathesis.check
def no_internal_error(ctx, response, case):
    """A failure of ours comes as errno 502 over HTTP 200, and no call may cause one."""
    if errno(response) == 502:
        raise AssertionError("errno 502: the service failed where it had to answer or to refuse")


@atexit.register
def report():
    total = collections.Counter()
    for codes in tally.values():
        total.update(codes)
    never = sorted(name for name, codes in tally.items() if not {"0", "HTTP 200"} & codes.keys())
    with open(os.path.join(os.environ["FUZZ_OUT"], "calls.json"), "w", encoding="utf-8") as out:
        told = {
            name: {**codes, "refusals": dict(reasons[name].most_common(8))} for name, codes in sorted(tally.items())
        }
        json.dump(told, out, indent=1, ensure_ascii=False)
    codes = ", ".join(f"{code}: {count}" for code, count in total.most_common())
    print(f"{total.total()} calls of {len(tally)} operations; by errno {codes}")
    print(f"{sessions.renewed} times logged in again; never a success: {', '.join(never) or 'none'}")
