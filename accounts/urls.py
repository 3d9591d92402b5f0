"""Routes of the customers' pages."""

from django.urls import path

from accounts.views import accounts, catalogue, contacts, home, panels

app_name = "accounts"
urlpatterns = [
    path("", accounts.account_list, name="list"),
    path("new/", accounts.create, name="create"),
    path("<int:pk>/", accounts.detail, name="detail"),
    path("<int:pk>/edit/<slug:field>/", accounts.edit, name="edit"),
    path("<int:pk>/archive/", accounts.archive, name="archive"),
    path("<int:pk>/restore/", accounts.restore, name="restore"),
    path("<int:pk>/profile/", panels.profile, name="profile_panel"),
    path("<int:pk>/team/", panels.team, name="team_panel"),
    path("<int:pk>/contacts/", panels.contacts, name="contacts_panel"),
    path("<int:pk>/contacts/new/", contacts.contact_add, name="contact_add"),
    path("<int:pk>/group/", panels.hierarchy, name="hierarchy_panel"),
    path("<int:pk>/sales/", panels.sales, name="sales_panel"),
    path("<int:pk>/sales/lines/", panels.sales_list, name="sales_list"),
    path("seats/<int:pk>/edit/<slug:field>/", panels.seat_edit, name="seat_edit"),
    path("seats/<int:pk>/remove/", panels.seat_remove, name="seat_remove"),
    path("contacts/", contacts.contact_list, name="contact_list"),
    path("contacts/new/", contacts.contact_create, name="contact_create"),
    path("contacts/<int:pk>/", contacts.contact_detail, name="contact_detail"),
    path("contacts/<int:pk>/edit/<slug:field>/", contacts.contact_edit, name="contact_edit"),
    path("contacts/<int:pk>/archive/", contacts.contact_archive, name="contact_archive"),
    path("contacts/<int:pk>/restore/", contacts.contact_restore, name="contact_restore"),
    path("products/", catalogue.product_list, name="product_list"),
    path("products/new/", catalogue.product_create, name="product_create"),
    path("products/<int:pk>/edit/<slug:field>/", catalogue.product_edit, name="product_edit"),
    path("products/<int:pk>/archive/", catalogue.product_archive, name="product_archive"),
    path("products/<int:pk>/restore/", catalogue.product_restore, name="product_restore"),
    path("product-lines/new/", catalogue.product_line_create, name="product_line_create"),
    path(
        "product-lines/<int:pk>/edit/<slug:field>/",
        catalogue.product_line_edit,
        name="product_line_edit",
    ),
    path(
        "product-lines/<int:pk>/archive/",
        catalogue.product_line_archive,
        name="product_line_archive",
    ),
    path(
        "product-lines/<int:pk>/restore/",
        catalogue.product_line_restore,
        name="product_line_restore",
    ),
    path("home/accounts/", home.home_accounts, name="home_accounts"),
    path("industries/", catalogue.industry_list, name="industry_list"),
    path("industries/new/", catalogue.industry_create, name="industry_create"),
    path("industries/<int:pk>/edit/<slug:field>/", catalogue.industry_edit, name="industry_edit"),
    path("industries/<int:pk>/archive/", catalogue.industry_archive, name="industry_archive"),
    path("industries/<int:pk>/restore/", catalogue.industry_restore, name="industry_restore"),
]
