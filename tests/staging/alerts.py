"""Usage alerts: their settings, and sending them by email and webhook."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import threading
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from tests.staging import records
from tests.staging.site import WEBHOOK_SECRET, Books, Site

_THRESHOLDS = (50, 75, 90, 100)
_DEFAULTS = {
    "enabled": True,
    "threshold_50_enabled": False,
    "threshold_75_enabled": True,
    "threshold_90_enabled": True,
    "threshold_100_enabled": True,
    "email_enabled": True,
}
_SUCCESS = range(200, 300)


def settings(books: Books) -> dict[str, Any]:
    """Return the settings."""
    row = books.row("SELECT * FROM alerts WHERE account = :account")
    if row is None:
        return {**_DEFAULTS, "webhook_url": None, "updated_at": None}
    flags = {name: bool(row[name]) for name in _DEFAULTS}
    return {**flags, "webhook_url": row["webhook_url"], "updated_at": row["updated_at"]}


def view(books: Books) -> dict[str, Any]:
    """Return the settings as responses show them."""
    found = settings(books)
    return {**found, "updated_at": books.site.stamp(found["updated_at"])}


def replace(books: Books, wish: dict[str, Any]) -> None:
    """Replace the settings."""
    site = books.site
    if site.on("webhook_url_lost"):
        wish = {**wish, "webhook_url": settings(books)["webhook_url"]}
    books.run("DELETE FROM alerts WHERE account = :account")
    books.insert("alerts", updated_at=books.now, **wish)
    if site.on("webhook_url_of_others"):
        books.run("UPDATE alerts SET webhook_url = :url", url=wish["webhook_url"])
        books.run(
            "INSERT INTO alerts SELECT id, 1, 0, 1, 1, 1, 1, :url, :now FROM accounts"
            " WHERE id NOT IN (SELECT account FROM alerts)",
            url=wish["webhook_url"],
        )
    details = {name: wish[name] for name in (*_DEFAULTS, "webhook_url")}
    records.audit(books, "usage_alerts.updated", **details)


def toggle_email(books: Books) -> None:
    """Toggle the email channel (a fault does this)."""
    found = settings(books)
    books.run("DELETE FROM alerts WHERE account = :account")
    books.insert("alerts", **{**found, "email_enabled": not found["email_enabled"]})


def fire(books: Books, before: int, after: int, allocated: int) -> None:
    """Send the alerts for the thresholds that usage has just crossed."""
    found = settings(books)
    period = datetime.fromtimestamp(books.now / 1_000, UTC).strftime("%Y-%m")
    for threshold in _THRESHOLDS:
        crossed = before * 100 < threshold * allocated <= after * 100
        if not crossed or not found["enabled"] or not found[f"threshold_{threshold}_enabled"]:
            continue
        known = books.row(
            "SELECT 1 FROM fired WHERE account = :account AND period = :period"
            " AND threshold = :threshold",
            period=period,
            threshold=threshold,
        )
        if known is not None:
            continue
        books.insert("fired", period=period, threshold=threshold)
        text = f"{threshold}% of this month's credits are used."
        records.activity(books, "usage_alert", text)
        if found["email_enabled"]:
            records.send(books, "email", text)
        data = {
            "threshold": threshold,
            "credits_used": after,
            "credits_allocated": allocated,
            "period": period,
        }
        if found["webhook_url"] is not None:
            body = json.dumps({"event": "usage.alert", "data": data}).encode()
            arguments = (books.site, found["webhook_url"], body)
            threading.Thread(target=_deliver, args=arguments, daemon=True).start()


def _deliver(site: Site, url: str, body: bytes) -> None:
    for delay in (0, 1, 2):
        time.sleep(delay)
        status = _post(url, body)
        site.deliveries.append({"url": url, "status": status, "body": json.loads(body)})
        if status in _SUCCESS:
            return


def _post(url: str, body: bytes) -> int:
    """Post a signed body; return the status, 0 if there was no response."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    signature = hmac.new(WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "X-Alterlab-Signature": f"sha256={signature}",
    }
    try:
        connection = kind(parts.netloc, timeout=10)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body, headers)
        status = connection.getresponse().status
        connection.close()
    except (OSError, ValueError, http.client.HTTPException):
        return 0
    return status
