"""The company's logo and colour in templates."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kam.logo import logo_address
from kam.models import Company

register = template.Library()


@register.simple_tag
def company_logo(css_class: str = "company-logo") -> SafeString:
    """``{% company_logo "joint-logo" %}``: the logo as a picture named by the company, or nothing."""
    company = Company.current()
    address = logo_address(company)
    if not address:
        return SafeString()
    return format_html('<img class="{}" src="{}" alt="{}">', css_class, address, company.name)
