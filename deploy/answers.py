"""`python deploy/answers.py URL`: exit status 0 when the address answers 200; a health check.

The image has no curl, and this needs nothing that is not in it.
"""

import sys
import urllib.request


def main(url: str) -> None:
    # An environment's proxy is for the crawls, not for asking oneself.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=5) as answer:
            sys.exit(answer.status != 200)
    except OSError as error:
        sys.exit(f"{url} does not answer: {error}")


if __name__ == "__main__":
    main(sys.argv[1])
