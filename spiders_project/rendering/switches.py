"""How the browser is started, so that nothing leaves it but by the gateway.

Each switch closes a way by which a page's scripts could reach an address that nobody has checked,
or hold more than a page may.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestrator import config

#: What a page's scripts may keep, in MB; beyond it the page breaks, and no other.
_SCRIPT_MEMORY_MB = 512


def launch_options(program: Path, port: int, folder: Path) -> dict[str, Any]:
    """Of Playwright, for a browser whose gateway listens on that port."""
    return {
        "executable_path": str(program),
        "headless": True,
        # As root the sandbox cannot be had; docs/operations.md says what that means.
        "chromium_sandbox": os.geteuid() != 0,
        "env": config.bare_environment(folder),
        # Ctrl-C and SIGTERM are the crawler's to answer.
        "handle_sigint": False,
        "handle_sigterm": False,
        "handle_sighup": False,
        "args": [
            f"--proxy-server=http://127.0.0.1:{port}",
            # Without it, addresses of this machine would go past the proxy.
            "--proxy-bypass-list=<-loopback>",
            # A name is never asked for by the browser itself, ahead of time or otherwise.
            "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
            "--dns-prefetch-disable",
            # UDP goes by no proxy.
            "--disable-quic",
            "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
            "--webrtc-ip-handling-policy=disable_non_proxied_udp",
            f"--js-flags=--max-old-space-size={_SCRIPT_MEMORY_MB}",
            "--no-pings",
        ],
    }


def context_options(agent: str, *, verify: bool, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Of one browser context; what a spider wants of it counts where it opens no way out."""
    kept = {name: value for name, value in wanted.items() if name not in ("proxy", "user_data_dir")}
    return {
        "user_agent": agent,
        "ignore_https_errors": not verify,
        **kept,
        "accept_downloads": False,
        # Their requests are seen by nobody.
        "service_workers": "block",
    }
