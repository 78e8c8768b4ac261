"""The mall that is up, as the fuzzers need it: its addresses, its description, somebody logged in.

Nothing but Python's own library, so that sqlmap's Python will do as well.
"""

import json
import os
import secrets
import shlex
import urllib.request

# Accounts of staff a run makes for itself. Its own calls delete accounts and take roles away.
STAFF_ACCOUNTS = 12

HEADERS = {"wx": "X-Litemall-Token", "admin": "X-Litemall-Admin-Token"}


def read_env(path):
    """The lines of the file `up` writes."""
    with open(path, encoding="utf-8") as lines:
        pairs = (line.rstrip("\n").partition("=") for line in lines if "=" in line)
        return {key: "".join(shlex.split(value)) for key, _, value in pairs}


class Mall:
    """Addresses and accounts."""

    def __init__(self):
        self.env = read_env(os.environ["FUZZ_ENV"])
        self.url = self.env["CATALOG_URL"].rstrip("/")

    def call(self, path, body=None, headers=None):
        """The envelope of an answer."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers or {})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def description(self):
        """What /openapi.json says."""
        return self.call("/openapi.json")

    def ok(self, path, body=None, headers=None):
        """The data of a success."""
        answer = self.call(path, body, headers)
        if answer["errno"] != 0:
            raise RuntimeError(f"{path}: {answer['errno']} {answer['errmsg']}")
        return answer.get("data")

    def shopper(self):
        """A session of the demo shopper."""
        form = {"username": self.env["SHOPPER_USER"], "password": self.env["SHOPPER_PASSWORD"]}
        return self.ok("/wx/auth/login", form)["token"]

    def staff(self, name=None, password=None):
        """A session of staff, by default of the demo account that may do everything."""
        form = {
            "username": name or self.env["STAFF_USER"],
            "password": password or self.env["STAFF_PASSWORD"],
            "code": self.env["CAPTCHA_ANSWER"],
        }
        return self.ok("/admin/auth/login", form)["token"]


def known_ids(mall, side, headers):
    """Ids that exist, by what names them: `order.id` for the rows of /wx/order/list, `brandId` anywhere."""
    known = {}

    def note(name, value):
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            known.setdefault(name, set()).add(value)

    def look(value, resource):
        if isinstance(value, dict):
            for name, member in value.items():
                if name == "id":
                    note(f"{resource}.id", member)
                elif name.endswith("Id"):
                    note(name, member)
                look(member, resource)
        elif isinstance(value, list):
            for element in value:
                look(element, resource)

    for path, methods in mall.description()["paths"].items():
        parameters = methods.get("get", {"parameters": [{"required": True}]}).get("parameters", [])
        if path.startswith(f"/{side}/") and not any(each.get("required") for each in parameters):
            try:
                look(mall.call(path, headers=headers).get("data"), path.split("/")[2])
            except ValueError:
                pass
    return {name: sorted(ids)[:100] for name, ids in known.items()}


class ShopperSessions:
    """One demo shopper, who logs in again whenever a call has ended the session."""

    header = HEADERS["wx"]

    def __init__(self, mall):
        self.mall = mall
        self.token = mall.shopper()
        self.renewed = 0

    def lost(self):
        """The session does not hold any more."""
        self.renewed += 1
        self.token = self.mall.shopper()


class StaffSessions:
    """Accounts that may do everything, made for the run; when one is shut out the next takes its place."""

    header = HEADERS["admin"]

    def __init__(self, mall):
        self.mall = mall
        first = mall.staff()
        as_first = {self.header: first}
        info = mall.ok("/admin/admin/list?limit=0", headers=as_first)
        demo = next(row for row in info["list"] if row["username"] == mall.env["STAFF_USER"])
        self.accounts = []
        for _ in range(STAFF_ACCOUNTS):
            name, password = f"fuzz{secrets.token_hex(6)}", secrets.token_hex(12)
            form = {"username": name, "password": password, "roleIds": demo["roleIds"]}
            mall.ok("/admin/admin/create", form, as_first)
            self.accounts.append((name, password))
        self.token = mall.staff(*self.accounts[-1])
        self.renewed = 0

    def lost(self):
        """The session does not hold any more, or its account lost its role."""
        self.renewed += 1
        while self.accounts:
            try:
                self.token = self.mall.staff(*self.accounts[-1])
                probe = self.mall.call("/admin/auth/info", headers={self.header: self.token})
                if probe.get("data", {}).get("perms") == ["*"]:
                    return
            except RuntimeError:
                pass
            self.accounts.pop()
        raise SystemExit("every account of the run was shut out; the rest would only be refused")
