"""Routes of sections, templates and the quality of plans."""

from django.urls import path

from plans.views import sections, templates
from plans.views.plans import EditSection

urlpatterns: list = [
    path("<int:pk>/sections/", sections.arrange, name="section_list"),
    path("<int:pk>/sections/add/", sections.add, name="section_add"),
    path("<int:pk>/quality/", sections.quality, name="quality"),
    path("<int:pk>/guide/", sections.guide, name="guide"),
    path("sections/<int:pk>/edit/<slug:field>/", EditSection.as_view(), name="section_edit"),
    path("sections/<int:pk>/known/", sections.known_facts, name="section_known"),
    path("sections/<int:pk>/confirm/", sections.confirm, name="section_confirm"),
    path("sections/<int:pk>/move/", sections.move, name="section_move"),
    path("sections/<int:pk>/archive/", sections.archive, name="section_archive"),
    path("sections/<int:pk>/restore/", sections.restore, name="section_restore"),
    path("templates/", templates.template_list, name="template_list"),
    path("templates/create/", templates.template_create, name="template_create"),
    path("templates/ready/", templates.template_ready, name="template_ready"),
    path("templates/<int:pk>/", templates.template_detail, name="template_detail"),
    path("templates/<int:pk>/edit/", templates.template_edit, name="template_edit"),
    path("templates/<int:pk>/archive/", templates.template_archive, name="template_archive"),
    path("templates/<int:pk>/restore/", templates.template_restore, name="template_restore"),
    path("templates/<int:pk>/section/", templates.section_create, name="template_section_create"),
    path("templates/sections/<int:pk>/edit/", templates.section_edit, name="template_section_edit"),
    path("templates/sections/<int:pk>/move/", templates.section_move, name="template_section_move"),
    path(
        "templates/sections/<int:pk>/archive/",
        templates.section_archive,
        name="template_section_archive",
    ),
    path(
        "templates/sections/<int:pk>/restore/",
        templates.section_restore,
        name="template_section_restore",
    ),
]
