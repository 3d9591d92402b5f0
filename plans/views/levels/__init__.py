"""Pages of the plans of portfolios, teams and the company."""
