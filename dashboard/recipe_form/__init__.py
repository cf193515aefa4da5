"""A recipe as a form: which fields, where each stands, where there is more; and back again.

Nothing is judged here: what was typed goes into the draft as it is, faults and all, and is shown
again with each fault beside its field. What the form does not show stays as the recipe has it.
"""

from dashboard.recipe_form.faults import faults
from dashboard.recipe_form.parts import with_another, without
from dashboard.recipe_form.shown import RecipeForm, of
from dashboard.recipe_form.typed import typed

__all__ = ["RecipeForm", "faults", "of", "typed", "with_another", "without"]
