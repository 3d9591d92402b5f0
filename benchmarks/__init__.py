"""What the product costs at size: `make bench` fills a scratch database and measures it."""
