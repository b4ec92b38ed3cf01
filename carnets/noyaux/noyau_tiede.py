"""Le noyau tiède : gardé d'un carnet à l'autre et remis à neuf entre deux, là où un processus ne se dédouble pas."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from carnets.noyaux.echanges import ISOLEMENT

if TYPE_CHECKING:
    from jupyter_client.manager import AsyncKernelManager

VARIABLE: Final = "ABS_NOYAU_TIEDE"
CARNETS_PAR_NOYAU: Final = 8
NAISSANCE: Final = (
    "from carnets.prechauffage import prechauffer as _p; _p(None); "
    "import carnets.noyaux.remise_a_neuf as _r; _r.neuf = _r.Etat(globals()); del _p, _r"
)
# L'environnement et le dossier du carnet suivant sont donnés après la remise à neuf.
RENAISSANCE: Final = (
    "import carnets.noyaux.remise_a_neuf as _r; _reste = _r.neuf.remettre(globals())\n"
    "if _reste: raise RuntimeError('trop de traces : ' + ', '.join(_reste[:5]))\n"
)
ARRIVEE: Final = "import os as _o; _o.environ.update({env!r}); _o.chdir({dossier!r}); del _o"
DELAI: Final = 120


class NoyauTiede:
    """Un noyau gardé par ce processus."""

    def __init__(self) -> None:
        self.gestionnaire: AsyncKernelManager | None = None
        self.carnets = 0

    def preparer(self, dossier: str) -> AsyncKernelManager:
        """Donner un noyau remis à neuf, ou un neuf."""
        from jupyter_client.manager import AsyncKernelManager  # noqa: PLC0415 - lent
        from jupyter_core.utils import run_sync  # noqa: PLC0415

        if self.gestionnaire is not None and (
            self.carnets >= CARNETS_PAR_NOYAU or not self._executer(RENAISSANCE)
        ):
            self.fermer()
        if self.gestionnaire is None:
            self.gestionnaire = AsyncKernelManager(kernel_name="python3")
            run_sync(self.gestionnaire.start_kernel)(
                extra_arguments=["--Application.log_level=50", ISOLEMENT]
            )
            self._executer(NAISSANCE)
            self.carnets = 0
        self.carnets += 1
        self._executer(ARRIVEE.format(env=dict(os.environ), dossier=dossier))
        return self.gestionnaire

    def _executer(self, code: str) -> bool:
        from jupyter_core.utils import run_sync  # noqa: PLC0415

        assert self.gestionnaire is not None
        return bool(run_sync(_executer)(self.gestionnaire, code))

    def fermer(self) -> None:
        """Arrêter le noyau."""
        from jupyter_core.utils import run_sync  # noqa: PLC0415

        gestionnaire, self.gestionnaire = self.gestionnaire, None
        if gestionnaire is not None:
            with suppress(RuntimeError):
                run_sync(gestionnaire.shutdown_kernel)(now=True)


async def _executer(gestionnaire: AsyncKernelManager, code: str) -> bool:
    client = gestionnaire.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=DELAI)
        reponse: Any = await client.execute_interactive(
            code, silent=False, store_history=False, timeout=DELAI, output_hook=lambda _: None
        )
    except (RuntimeError, TimeoutError):
        return False
    finally:
        client.stop_channels()
    return bool(reponse["content"]["status"] == "ok")


_noyau: NoyauTiede | None = None


def noyau_tiede() -> NoyauTiede:
    """Donner le noyau tiède de ce processus."""
    global _noyau  # noqa: PLW0603 - un seul par processus, c'est le but
    _noyau = _noyau or NoyauTiede()
    return _noyau


def fermer() -> None:
    """Arrêter le noyau tiède de ce processus, s'il en a un."""
    if _noyau is not None:
        _noyau.fermer()
