"""The page of an invoice, made to be printed."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mockserver.billing.hosted.forms import guarded
from mockserver.billing.hosted.site import Site


class InvoicePages:
    """What was paid for, by whom, and when."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        return [
            Route(
                "/invoices/{invoice_id}", guarded(self._show, self._site.message), methods=["GET"]
            )
        ]

    async def _show(self, request: Request) -> Response:
        wanted = request.path_params["invoice_id"]
        context = self._site.find(wanted)
        found = (
            (each for each in context.account.invoices if each.id == wanted)
            if context is not None
            else ()
        )
        invoice = next(iter(found), None)
        if context is None or invoice is None:
            return self._site.missing("invoice")
        return self._site.page("invoice.html", invoice=invoice, profile=context.account.profile)
