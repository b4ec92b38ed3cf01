"""Dans JupyterLab, une erreur attendue se lit en une phrase, dans un cadre ; sa trace reste à un clic."""

from __future__ import annotations

import sys
from html import escape
from typing import TYPE_CHECKING, Any, Final

from carnets.textes import textes
from donnees_insee.erreurs import ErreurAbs

if TYPE_CHECKING:
    from types import TracebackType

# Papermill lit la phrase dans la trace ; dans JupyterLab, elle redirait le cadre.
SANS_REDITE: Final = (
    "<style>.jp-OutputArea-child:has(.abs-erreur) + .jp-OutputArea-child { display: none; }</style>"
)


def montrer_les_erreurs() -> None:
    """Poser le cadre, là où un noyau de Jupyter affiche ; l'erreur reste une erreur pour Papermill et « Run All »."""
    ipython = sys.modules.get("IPython")
    interpreteur = ipython.get_ipython() if ipython is not None else None
    if interpreteur is not None and type(interpreteur).__name__ == "ZMQInteractiveShell":
        interpreteur.set_custom_exc((ErreurAbs,), _encadrer)


def _encadrer(
    interpreteur: Any,
    sorte: type[BaseException],
    erreur: BaseException,
    trace: TracebackType | None,
    tb_offset: int | None = None,
) -> list[str]:
    import traceback  # noqa: PLC0415 - réservé aux erreurs

    from IPython.display import HTML, display  # noqa: PLC0415 - n'existe que dans un carnet

    from carnets.documents.montre import style  # noqa: PLC0415

    del tb_offset
    detail = escape("".join(traceback.format_exception(sorte, erreur, trace)))
    phrase = escape(str(erreur)).replace("\n", "<br>")
    resume = textes("carnets.ateliers")["erreurs"]["detail"]
    display(
        HTML(
            f'{style()}{SANS_REDITE}<div class="abs-erreur" role="alert"><p>{phrase}</p>'
            f"<details><summary>{resume}</summary><pre>{detail}</pre></details></div>"
        )
    )
    dite = [f"{sorte.__name__} : {erreur}"]
    # L'erreur reste celle de la cellule : Papermill et « Run All » s'y arrêtent.
    interpreteur._showtraceback(sorte, erreur, dite)  # noqa: SLF001 - ce que IPython appelle lui-même
    return dite
