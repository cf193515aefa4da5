"""Calls of a published client, as somebody's script would make them; run by its own Python.

`python calls.py CLIENT URL TOKEN` reads the calls as JSON, [[method, arguments, options], …], and
writes what each gave or raised.
"""

import json
import sys


def main(name, url, token):
    client = CLIENTS[name](url, token)
    json.dump([outcome(client, *call) for call in json.load(sys.stdin)], sys.stdout)


def scrapyd_client(url, token):
    from scrapyd_client.pyclient import ScrapydClient

    return ScrapydClient(url, "anybody", token)


def scrapyd_api(url, token):
    from scrapyd_api import ScrapydAPI

    return ScrapydAPI(url, auth=("anybody", token))


def outcome(client, method, arguments, options):
    try:
        return {"answer": getattr(client, method)(*arguments, **options)}
    except Exception as error:  # noqa: BLE001  # the test looks at it
        return {"raised": type(error).__name__, "message": str(error)}


CLIENTS = {"scrapyd_client": scrapyd_client, "scrapyd_api": scrapyd_api}

if __name__ == "__main__":
    main(*sys.argv[1:])
