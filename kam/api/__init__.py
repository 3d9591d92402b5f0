"""What every API resource shares: sign-in, scope, paging, errors, locking by ETag."""
