"""`biascheck serve`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from biascheck.commands.options import limits

if TYPE_CHECKING:
    import socket

__all__ = ["serve"]

ADDRESS = "127.0.0.1"


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8765,
    show_default=True,
    help="Where the page is; 0 takes any that is free.",
)
@click.option("--open", "open_browser", is_flag=True, help="Open the page in the browser.")
@click.option(
    "--max-upload-bytes",
    type=click.IntRange(1),
    default=200_000_000,
    show_default=True,
    help="Refuse larger uploads, all files together.",
)
@click.option(
    "--max-files", type=click.IntRange(1), default=5_000, show_default=True, help="Refuse uploads of more files."
)
@limits
def serve(
    port: int,
    open_browser: bool,
    max_upload_bytes: int,
    max_files: int,
    model: str,
    max_text_bytes: int,
    max_html_bytes: int,
) -> None:
    """Open the local page: paste texts or drop a folder, read the reports, label, export.

    Only this computer can reach it, and nothing is written to disk. POST /api/score serves programs; see /openapi.json.

    Example: biascheck serve --open
    """
    from importlib.util import find_spec

    if not all(map(find_spec, ("python_multipart", "starlette", "uvicorn"))):
        raise click.ClickException('the local page needs more packages: pip install "biascheck[web]"')
    from contextlib import suppress

    import uvicorn

    from biascheck.document import Limits
    from biascheck.scorer import Scorer
    from biascheck.web.app import create_app
    from biascheck.web.jobs import Sizes

    listening = _listen(port)
    port = listening.getsockname()[1]
    scorer = Scorer(model, limits=Limits(text=max_text_bytes, html=max_html_bytes))
    app = create_app(
        scorer, port=port, sizes=Sizes(upload_bytes=max_upload_bytes, upload_files=max_files, results=max_files)
    )
    address = f"http://{ADDRESS}:{port}"
    click.echo(f"biascheck is at {address} (Ctrl-C stops it; what is not exported is gone then)")
    if open_browser:
        _open(address)
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        # A page that is only looked at must not keep the server from stopping.
        timeout_graceful_shutdown=2,
        ws="none",
    )
    # Once it has stopped, uvicorn raises the signal again.
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listening])
    click.echo("stopped")


def _listen(port: int) -> socket.socket:
    """A socket that only this computer reaches."""
    import socket

    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((ADDRESS, port))
    except OSError as error:
        reason = (error.strerror or "cannot be used").lower()
        raise click.ClickException(f"port {port}: {reason}; choose another with --port, or 0 for any") from None
    # Whoever connects while the server starts waits for it.
    listening.listen(128)
    return listening


def _open(address: str) -> None:
    """Open the browser, which may take its time, beside the server."""
    import webbrowser
    from threading import Thread

    Thread(target=webbrowser.open, args=(address,), daemon=True).start()
