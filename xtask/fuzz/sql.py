"""Every parameter of every GET under /admin and /wx, given to sqlmap.

Lists are among them with their filters, sort and order. Each filter is sent alone, with a value that
finds something where there is one: with an empty answer a true and a false condition look the same.
`sql.py <sqlmap> <minutes> [part of a path]`; FUZZ_ENV is the file of addresses, FUZZ_OUT the folder for
what sqlmap writes.
"""

import os
import subprocess
import sys
import time
import urllib.parse

import control
import mall as house

OPTIONS = ["--level", "3", "--risk", "2", "--dbms", "MySQL", "--threads", "2", "--timeout", "30"]
# A value such as -1, which clients send for "none", looks to it like an attempt of its own.
SURE = ["--answers", "are you really sure=Y"]
FIXED = ["--batch", "--ignore-stdin", "--flush-session", "--disable-coloring", *SURE]
# How lists are asked for; tried together, since they do not narrow the answer.
PAGING = {"page": "1", "limit": "5", "sort": "add_time", "order": "desc"}


def candidates(name, schema, rows, env):
    """Values to ask with: what is in the rows, then what may be in them."""
    for row in rows:
        if isinstance(row.get(name), (str, int)) and row[name] != "":
            yield str(row[name]).lower() if isinstance(row[name], bool) else str(row[name])
    kinds = schema.get("type")
    if "integer" in kinds or "array" in kinds:
        yield from ["1", "0", "2", "3", "101", "330000", env["DEMO_GOODS_ID"]]
    elif "boolean" in kinds:
        yield from ["true", "false"]
    else:
        yield from ["a", "1", "2025-01-01 00:00:00", "2099-12-31 00:00:00", time.strftime("%Y-%m-%d"), "open"]


class Targets:
    """What to ask with: (path, address, parameters to try)."""

    def __init__(self, mall):
        self.mall = mall
        self.tokens = {"wx": mall.shopper(), "admin": mall.staff()}

    def headers(self, path):
        side = path.split("/")[1]
        return {house.HEADERS[side]: self.tokens[side]}

    def ask(self, path, pairs):
        """The code and the rows of an answer."""
        address = path + "?" + urllib.parse.urlencode(pairs)
        try:
            answer = self.mall.call(address, headers=self.headers(path))
        except ValueError:
            return address, None, []
        data = answer.get("data")
        rows = data.get("list", [data]) if isinstance(data, dict) else data if isinstance(data, list) else []
        return address, answer["errno"], [row for row in rows if isinstance(row, dict)]

    def best(self, path, parameter, pairs, rows):
        """The value with which the call succeeds and finds most."""
        name, best, found = parameter["name"], None, -1
        for value in candidates(name, parameter["schema"], rows, self.mall.env):
            _, said, rows_found = self.ask(path, {**pairs, name: value})
            score = -1 if said != 0 else len(rows_found)
            if best is None or score > found:
                best, found = value, score
            if score > 0:
                break
        return best

    def of(self, path, parameters):
        """`export` stays away: its answers are files."""
        wanted = [each for each in parameters if each["in"] == "query" and each["name"] != "export"]
        paging = {each["name"]: PAGING[each["name"]] for each in wanted if each["name"] in PAGING}
        filters = [each for each in wanted if each["name"] not in PAGING]
        needed = {}
        for each in filters:
            if each.get("required"):
                needed[each["name"]] = self.best(path, each, needed, [])
        first = {**needed, **paging}
        _, _, rows = self.ask(path, first)
        if first:
            yield path, first, list(first)
        for each in filters:
            if not each.get("required"):
                value = self.best(path, each, needed, rows)
                yield path, {**needed, each["name"]: value}, [each["name"]]

    def all(self, part):
        for path, methods in sorted(self.mall.description()["paths"].items()):
            if path.split("/")[1] in house.HEADERS and "get" in methods and "{" not in path and part in path:
                yield from self.of(path, methods["get"].get("parameters", []))


def sqlmap(program, out, url, headers, names, seconds):
    """What sqlmap says of these parameters: whether it finds a way in; nothing when time is over."""
    header = [part for name, value in headers.items() for part in ("--header", f"{name}: {value}")]
    command = [program, *FIXED, *OPTIONS, *header, "--output-dir", os.path.join(out, "sqlmap")]
    command += ["-p", ",".join(names), "-u", url]
    place = urllib.parse.urlsplit(url).path.strip("/").replace("/", "-")
    log = os.path.join(out, f"{place}-{names[0]}.log")
    with open(log, "w", encoding="utf-8") as text:
        try:
            subprocess.run(command, stdout=text, stderr=subprocess.STDOUT, check=False, timeout=seconds)
        except subprocess.TimeoutExpired:
            return None
    with open(log, encoding="utf-8", errors="replace") as text:
        return "do not appear to be injectable" not in text.read()


def main():
    program, minutes, part = [*sys.argv[1:], ""][:3]
    out = os.environ["FUZZ_OUT"]
    ends = time.monotonic() + float(minutes) * 60
    mall = house.Mall()
    # First against a page that is known to be open: what finds nothing there would find nothing here.
    with control.Page(mall.env["DATABASE_URL"]) as page:
        for name in control.PARAMETERS:
            if not sqlmap(program, out, page.url, {}, [name], ends - time.monotonic()):
                raise SystemExit(f"sqlmap does not find the hole in the control page's `{name}`")
    print("control: both holes of a page that pastes its parameters into SQL were found", flush=True)

    targets = Targets(mall)
    paths, found, left, refused, empty, parameters = set(), [], [], [], 0, 0
    for path, pairs, names in targets.all(part):
        address, said, rows = targets.ask(path, pairs)
        seconds = ends - time.monotonic()
        injectable = None
        if seconds > 5:
            injectable = sqlmap(program, out, mall.url + address, targets.headers(path), names, seconds)
        if injectable is None:
            left.append(f"{path} {','.join(names)}")
            continue
        paths.add(path)
        parameters += len(names)
        empty += not rows
        if said not in (0, None):
            refused.append(f"{path} {','.join(names)} ({said})")
        if injectable:
            found.append(f"{path} {','.join(names)}")
        print(f"{'!' if injectable else ' '} {address}  {len(rows)} rows", flush=True)
    print(f"{parameters} parameters of {len(paths)} calls; injectable: {', '.join(found) or 'none'}")
    print(f"{empty} requests found no row; refused as they were: {', '.join(refused) or 'none'}")
    if left:
        print(f"no time was left for: {', '.join(left)}")
    sys.exit(1 if found or left else 0)


main()
