"""The page of an invoice, with styles for printing."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mockserver.billing.hosted.forms import guarded
from mockserver.billing.hosted.site import Site


class InvoicePages:
    """The pages of invoices."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        endpoint = guarded(self._show, self._site)
        return [Route("/invoices/{invoice_id}", endpoint, methods=["GET"])]

    async def _show(self, request: Request) -> Response:
        invoice_id = request.path_params["invoice_id"]
        context = self._site.find(invoice_id)
        if context is None:
            return self._site.missing("invoice")
        invoices = context.account.invoices
        invoice = next((invoice for invoice in invoices if invoice.id == invoice_id), None)
        if invoice is None:
            return self._site.missing("invoice")
        return self._site.page("invoice.html", invoice=invoice, profile=context.account.profile)
