"""`python deploy/answers.py URL [STATUS]`: exit status 0 when the address answers so, else 1.

A health check.

The image has no curl, and this needs nothing that is not in it.
"""

import sys
import urllib.error
import urllib.request


def main(url: str, status: str = "200") -> None:
    # An environment's proxy is for the crawls, not for asking oneself.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=5) as answer:
            sys.exit(answer.status != int(status))
    except urllib.error.HTTPError as error:
        sys.exit(error.code != int(status) and f"{url} answers {error.code}")
    except OSError as error:
        sys.exit(f"{url} does not answer: {error}")


if __name__ == "__main__":
    main(*sys.argv[1:])
