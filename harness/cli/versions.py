"""What the run record says of the software that made the run."""

import platform
from importlib.metadata import distribution

LIBRARIES = ("aetcd", "docker", "grpcio", "msgspec", "numpy")


def versions() -> dict[str, str]:
    """Name and version of quorate, Python, the kernel and the libraries that talk to targets."""
    return {
        "quorate": distribution("quorate").version,
        "python": platform.python_version(),
        "kernel": platform.release(),
        **{name: distribution(name).version for name in LIBRARIES},
    }
