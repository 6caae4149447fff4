"""What the document of the shop cannot say: buying reduces the stock.

mockserver --spec examples/any-document/openapi.yaml --handlers examples/any-document/handlers.py
"""

from random import Random
from typing import Any

from mockserver.resources.handlers_file import Incoming, MockClock
from mockserver.resources.items import Shelves


def createCart(request: Incoming, store: Shelves) -> dict[str, Any]:
    """Create an open cart of products that exist."""
    for line in request.body["items"]:
        if line["product_id"] not in store["products"]:
            raise request.refused(422, f"There is no product '{line['product_id']}'.")
    return store["carts"].add(items=request.body["items"], status="open")


def checkoutCart(request: Incoming, store: Shelves, clock: MockClock) -> dict[str, Any]:
    """Take the products of a cart from the stock, all of them or none."""
    cart = store["carts"].get(request.params["cartId"])
    if cart["status"] == "paid":
        raise request.refused(409, "The cart is paid already.")
    for line in cart["items"]:
        product = store["products"].get(line["product_id"])
        left = product["stock"] - line["quantity"]
        if left < 0:
            raise request.refused(409, f"Only {product['stock']} left of {product['name']}.")
        store["products"].change(product["id"], stock=left)
    return store["carts"].change(cart["id"], status="paid", paid_at=clock.now.isoformat())


def archiveProduct(request: Incoming, store: Shelves, chance: Random) -> dict[str, Any]:
    """Return the number of a job."""
    product = store["products"].get(request.params["productId"])
    return {"job": f"archive-{product['id']}-{chance.randrange(1000)}"}
