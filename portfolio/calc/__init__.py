"""Pure sums of the portfolio: dataclasses and Decimals in, values out. No Django, no clock."""
