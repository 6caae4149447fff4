"""The pages that URLs of the API lead to: checkout, portal and invoices."""
