"""Tries iptables in a network namespace of its own, which ends with the command: nothing of this machine is touched."""

import asyncio
import shutil

from nemesis import iptables

_RULES = f"*filter\\n:{iptables.CHAIN} - [0:0]\\n-A {iptables.CHAIN} -s 192.0.2.1/32 -j DROP\\nCOMMIT\\n"
_TRY = (
    f"printf '{_RULES}' | iptables-restore --noflush && iptables -I INPUT -j {iptables.CHAIN} && "
    f"iptables -S {iptables.CHAIN} | grep -q DROP"
)


async def try_iptables() -> str:
    """Why rules cannot be set in a namespace here; empty when they can."""
    for tool, package in (("unshare", "util-linux"), ("iptables", "iptables"), ("iptables-restore", "iptables")):
        if shutil.which(tool) is None:
            return f"{tool} is not installed (package {package})"
    process = await asyncio.create_subprocess_exec(
        "unshare", "--net", "sh", "-c", _TRY, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    _, said = await process.communicate()
    if process.returncode == 0:
        return ""
    return " ".join(said.decode(errors="replace").split()) or f"iptables ended with code {process.returncode}"
