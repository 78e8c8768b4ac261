"""A page that does what no page may: it pastes its parameters into SQL. It is there for as long as it
takes to see that sqlmap, called as the mall's calls are tried, finds both holes.
"""

import http.server
import subprocess
import threading
import urllib.parse

PARAMETERS = ["name", "sort"]


class Page:
    """The page, on a free port of this machine."""

    def __init__(self, database_url):
        self.database = urllib.parse.urlsplit(database_url)
        page = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
                body = page.answer(asked.get("name", ""), asked.get("sort", "id"))
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/control?name=a&sort=id"

    def answer(self, name, sort):
        """Rows, or nothing: errors are not shown, as they are not by the mall."""
        statement = f"select id, name from brand where name like '%{name}%' order by {sort} limit 5"
        database = self.database
        command = [
            "mariadb", "--no-defaults", "--batch", "--skip-column-names", "--host", database.hostname,
            "--port", str(database.port or 3306), "--user", urllib.parse.unquote(database.username or ""),
            f"--password={urllib.parse.unquote(database.password or '')}", "--execute", statement,
            database.path.strip("/"),
        ]
        done = subprocess.run(command, capture_output=True, check=False)
        return done.stdout if done.returncode == 0 else b""

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
