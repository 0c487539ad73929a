"""`mobility-bridge notify`."""

import click

from mobility_bridge.cli.options import Invocation, takes_options, takes_partner_of_agreement
from mobility_bridge.cli.render import print_json, print_table


@click.command()
@click.argument("iia_id")
@takes_partner_of_agreement
@click.option("--dry-run", is_flag=True, help="Say what would be sent; send and write nothing.")
@takes_options
def notify(invocation: Invocation, iia_id: str, partner: str | None, *, dry_run: bool) -> int:
    """Send the change notifications of one agreement of ours again.

    For a partner who says that it never received them: an IIA CNR, and an approval CNR if we approved.
    """
    from mobility_bridge.bootstrap import Bridge
    from mobility_bridge.cli.filters import chosen_partner
    from mobility_bridge.domain.identifiers import IiaId
    from mobility_bridge.domain.notification import ChangeNotification
    from mobility_bridge.errors import UsageError
    from mobility_bridge.services import notify as service
    from mobility_bridge.services.catalogue import refresh_catalogue
    from mobility_bridge.services.outbox import notify_again, planned_again

    async def work(bridge: Bridge) -> list[ChangeNotification]:
        context = bridge.context
        if not context.settings.notify.enabled:
            raise UsageError(
                "sending is switched off (notify.enabled = false)",
                next_step="Switch it on in the configuration, or see what would be sent: add --dry-run.",
            )
        hei_id = await chosen_partner(bridge, partner)
        await refresh_catalogue(context)
        queued = await notify_again(context, IiaId(iia_id), hei_id)
        await service.notify(context)
        ids = {item.notification_id for item in queued.notifications}
        found = await context.store.read(lambda uow: uow.outbox.select(partner=queued.partner_hei_id))
        return [item for item in found if item.notification_id in ids]

    if dry_run:
        planned = invocation.with_partner(
            partner, lambda context, hei_id: planned_again(context, IiaId(iia_id), hei_id)
        )
        rows = [(kind.value, whom, theirs, "not sent (dry run)", "") for kind, whom, theirs in planned]
    else:
        sent = invocation.with_bridge(work)
        rows = [
            (item.kind.value, item.partner_hei_id, item.iia_id, item.state.value, item.last_error or "")
            for item in sent
        ]
    columns = ("kind", "partner_hei_id", "iia_id", "state", "error")
    if invocation.as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table("Notifications", ("Kind", "Partner", "Id", "State", "Problem"), rows)
    return 0 if dry_run or all(row[3] == "delivered" for row in rows) else 3
