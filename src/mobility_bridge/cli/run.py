"""`mobility-bridge run`."""

import asyncio

import click

from mobility_bridge.cli.options import Invocation, takes_options


@click.command()
@takes_options
def run(invocation: Invocation) -> None:
    """Run the daemon until it is told to stop.

    Reads our own systems, sweeps the partners, compares and notifies, each at its own interval. SIGTERM or
    Ctrl-C finishes or hands back what is in flight within ten seconds. One daemon per store.
    """
    from mobility_bridge.bootstrap import build, holding
    from mobility_bridge.kit.logs import insist_on_log
    from mobility_bridge.scheduler import Daemon

    loaded = invocation.loaded()
    insist_on_log(loaded.settings.log.file)

    async def whole() -> None:
        async with build(loaded) as bridge:
            await bridge.context.store.read(lambda uow: uow.evidence.count())
            await Daemon(bridge.context).run(ready=lambda: click.echo("mobility-bridge runs.", err=True))

    with holding(loaded):
        asyncio.run(whole())
