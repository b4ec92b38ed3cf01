"""Le gestionnaire de noyau de Jupyter, quand le noyau naît de la pépinière plutôt que d'une commande."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from contextlib import suppress
from pathlib import Path
from queue import Empty
from typing import Any, cast

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from carnets.noyaux.lancement import A_DEUX, Processus
from donnees_insee.chemins import creer_un_dossier_de_passage

ARGUMENTS = ("-f", "{connection_file}")
DESSIN = "ABS_DESSIN"
NAISSANCE = 30.0
PAS = 0.005


class ProvisionneurDePepiniere(LocalProvisioner):
    """Demander le noyau à la pépinière au lieu de lancer une commande."""

    adresse: str = ""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Faire naître le noyau.

        Parameters
        ----------
        cmd : list of str
            Arguments du noyau.
        **kwargs : object
            ``env`` et ``cwd``, préparés par Jupyter.

        Returns
        -------
        dict
            De quoi se connecter au noyau.
        """
        processus = Processus(
            self.adresse,
            {
                "faire": "carnets.noyaux.pepiniere:noyau",
                "arguments": {"arguments": cmd},
                "env": (kwargs.get("env") or {}) | ({DESSIN: self.adresse} if os.environ.get(A_DEUX) else {}),
                # Sans dossier dit, un noyau ordinaire naît dans celui de qui le lance, non dans celui de la pépinière.
                "dossier": kwargs.get("cwd") or str(Path.cwd()),
            },
        )
        # Jupyter attend un Popen ; Processus en a les gestes.
        self.process = cast("Any", processus)
        self.pid = self.pgid = processus.pid
        await self._attendre_les_prises()
        return self.connection_info

    async def _attendre_les_prises(self) -> None:
        """Une prise locale qui n'existe pas encore coûte au client un dixième de seconde d'attente."""
        ou = cast("dict[str, Any]", self.connection_info)
        prises = [Path(f"{ou['ip']}-{ou[f'{nom}_port']}") for nom in ("shell", "iopub", "control")]
        fin = time.monotonic() + NAISSANCE
        while time.monotonic() < fin and not all(p.exists() for p in prises):
            if await self.poll() is not None:
                return
            await asyncio.sleep(PAS)


class ClientDeNoyauNeuf(AsyncKernelClient):
    """Le client d'un noyau qui n'en a pas d'autre."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - le nom est celui de Jupyter
        """Attendre que le noyau réponde, sans vider ensuite son canal : personne n'y a encore rien écrit.

        Parameters
        ----------
        timeout : float or None
            Secondes ; ``None`` attend sans limite.

        Raises
        ------
        RuntimeError
            Si le noyau meurt ou ne répond pas.
        """
        fin = time.monotonic() + (timeout if timeout is not None else float("inf"))
        while time.monotonic() < fin:
            self.kernel_info()
            with suppress(Empty):
                reponse = await self.shell_channel.get_msg(timeout=1)
                if reponse["msg_type"] == "kernel_info_reply":
                    # Rien sur le canal des sorties : il n'est pas encore branché, et un résultat s'y perdrait.
                    await self.iopub_channel.get_msg(timeout=0.2)
                    self._handle_kernel_info_reply(reponse)
                    return
            if not await self.is_alive():
                raise RuntimeError("Le noyau est mort avant de répondre.")
        raise RuntimeError(f"Le noyau n'a pas répondu en {timeout} secondes.")


class GestionnaireDePepiniere(AsyncKernelManager):
    """Gérer un noyau né de la pépinière, par des prises locales dans un dossier court et privé."""

    adresse_de_pepiniere: str = ""

    def __init__(self, **kwargs: Any) -> None:
        # Le dossier par défaut est le dossier courant : deux carnets s'y heurteraient.
        self._prises = creer_un_dossier_de_passage()
        super().__init__(
            client_factory=ClientDeNoyauNeuf,
            transport="ipc",
            ip=str(self._prises / "n"),
            connection_file=str(self._prises / "c.json"),
            **kwargs,
        )
        self.provisioner = ProvisionneurDePepiniere(kernel_id="", kernel_spec=self.kernel_spec, parent=self)
        self.provisioner.adresse = self.adresse_de_pepiniere

    @property
    def kernel_spec(self) -> KernelSpec:
        """Le noyau de cet environnement, quel que soit celui que nomme le carnet."""
        return KernelSpec(argv=list(ARGUMENTS), display_name="abs", language="python")

    async def _async_wait(self, pollinterval: float = PAS) -> None:
        # La pépinière annonce les fins : inutile de patienter un dixième de seconde entre deux regards.
        await super()._async_wait(pollinterval=min(PAS, pollinterval))

    async def _async_cleanup_resources(self, restart: bool = False) -> None:
        await super()._async_cleanup_resources(restart=restart)
        if not restart:
            shutil.rmtree(self._prises, ignore_errors=True)


def gestionnaire_vers(adresse: str) -> type[GestionnaireDePepiniere]:
    """Donner la classe de gestionnaire qui s'adresse à une pépinière."""
    return type("GestionnaireVersPepiniere", (GestionnaireDePepiniere,), {"adresse_de_pepiniere": adresse})
