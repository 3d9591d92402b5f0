"""The roll-up's pages: company, team, portfolio, account, and the lines that a total consists of."""
