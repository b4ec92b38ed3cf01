"""Découper un CSV d'encodage connu, en texte ou d'emblée en nombres, et recompter ses lignes par une autre voie."""

import csv
import errno
import glob
import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv_arrow
import pyarrow.parquet as pq

from donnees_insee.erreurs import FichierIllisible
from donnees_insee.lecture.brut import moteur

# Une cellule plus longue n'est pas une donnée : c'est un guillemet qui a avalé la suite du fichier.
CELLULE_MAXIMALE: Final = 1 << 20
# Les noms que prennent, convertis, une colonne lue en nombres et le texte de ce qui n'en est pas un.
NOMBRE, TEXTE = "nombre", "texte"


@dataclass(frozen=True)
class EnTete:
    """La ligne des noms d'un CSV, et ce qui la précède."""

    rang: int
    separateur: str
    noms: list[str]
    titre: str
    fichier: str
    position: int = 0

    @cached_property
    def utiles(self) -> dict[str, int]:
        """Nom → place, colonnes sans nom ôtées."""
        return {nom: i for i, nom in enumerate(self.noms) if nom}


def decouper(chemin: Path, entete: EnTete, saut: int = 0) -> pa.Table:
    """Découper en texte pur, et traduire le refus de DuckDB."""
    with moteur() as connexion, _decoupable(entete):
        brut = connexion.sql(_lecture(chemin, entete, saut)).to_arrow_table()
    _verifier_le_compte(chemin, entete, brut.num_rows, saut)
    return pa.table({n: brut.column(i) for n, i in entete.utiles.items()})


def en_parquet(chemin: Path, entete: EnTete, cible: Path, nombre: str) -> None:
    """Convertir hors mémoire un CSV UTF-8 en un Parquet de texte, une colonne en nombres, et recompter ses lignes."""
    noms = [f"""c{i} as "{n.replace('"', '""')}\"""" for n, i in entete.utiles.items() if n != nombre]
    lu = f"try_cast(c{entete.utiles[nombre]} as double)"
    # Le texte d'un nombre ne se répète pas : le garder coûterait autant que tout le reste.
    texte = f"case when not coalesce(isfinite({lu}), false) then c{entete.utiles[nombre]} end"
    choix = ", ".join([*noms, f"{lu} as {NOMBRE}", f"{texte} as {TEXTE}"])
    lecture = _lecture(chemin, entete, saut=1).replace("select *", f"select {choix}", 1)
    sortie = str(cible).replace("'", "''")
    with moteur() as connexion, _decoupable(entete):
        connexion.execute("set preserve_insertion_order = false")
        connexion.execute(f"copy ({lecture}) to '{sortie}' (format parquet, compression lz4)")
    _verifier_le_compte(chemin, entete, pq.read_metadata(cible).num_rows, saut=1)


def _lecture(chemin: Path, entete: EnTete, saut: int) -> str:
    colonnes = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(entete.noms)))
    # DuckDB prend crochets et astérisques d'un chemin pour un motif : ils sont neutralisés.
    adresse = glob.escape(str(chemin)).replace("'", "''")
    return (
        f"select * from read_csv('{adresse}', columns={{{colonnes}}}, delim='{entete.separateur}', "
        f"header=false, skip={saut}, quote='\"', escape='\"', auto_detect=false, nullstr='', "
        "null_padding=false, strict_mode=true)"
    )


@contextmanager
def _decoupable(entete: EnTete) -> Iterator[None]:
    """Traduire le refus de DuckDB de découper un texte."""
    try:
        yield
    except duckdb.Error as cause:
        if "No space left" in str(cause) or "disk" in str(cause).lower():
            raise OSError(errno.ENOSPC, "No space left on device") from cause
        raise FichierIllisible(
            f"« {entete.fichier} » : {_faute_de_decoupage(str(cause), len(entete.noms))}. Le fichier est peut-être "
            "tronqué ou retouché : téléchargez-le de nouveau."
        ) from cause


def _faute_de_decoupage(message: str, attendues: int) -> str:
    """Traduire en français la faute que DuckDB a trouvée."""
    ligne = re.search(r"[Ll]ine: (\d+)", message)
    ou = f"la ligne {ligne[1]}" if ligne else "une ligne"
    trouvees = re.search(r"Found: (\d+)", message)
    if trouvees:
        return f"{ou} a {trouvees[1]} colonne(s) au lieu des {attendues} de l'en-tête"
    if "quote" in message.split("Possible", maxsplit=1)[0]:
        return f"un guillemet ouvert à {ou} n'est pas fermé, ou l'est au milieu d'une cellule"
    return f"{ou} ne se découpe pas en {attendues} colonnes comme l'en-tête"


def decouper_en_nombres(
    chemin: Path, entete: EnTete, nombres: Sequence[str], textes: Sequence[str]
) -> pa.Table | None:
    """Découper et lire les nombres du même geste, si toutes les cellules à lire sont des nombres ordinaires."""
    types = {n: pa.float64() for n in nombres} | {n: pa.string() for n in textes}
    lue = _lire_d_emblee(chemin, entete, types)
    # « NaN » et « inf » se lisent comme des nombres, et n'en sont pas : la somme les trahit.
    if lue is not None and all(math.isfinite(pc.sum(lue[n]).as_py() or 0.0) for n in nombres):
        return lue
    return None


def decouper_sans_detour(chemin: Path, entete: EnTete) -> pa.Table:
    """Découper en texte un fichier sans piège ; s'il en cache un, DuckDB le découpe ou dit la faute."""
    lue = _lire_d_emblee(chemin, entete, dict.fromkeys(entete.utiles, pa.string()))
    return decouper(chemin, entete, saut=1) if lue is None else lue


def _lire_d_emblee(chemin: Path, entete: EnTete, types: dict[str, pa.DataType]) -> pa.Table | None:
    places = {f"c{entete.utiles[n]}": t for n, t in types.items()}
    try:
        with pa.OSFile(str(chemin)) as flux:
            lue = csv_arrow.read_csv(
                flux,
                csv_arrow.ReadOptions(column_names=[f"c{i}" for i in range(len(entete.noms))], skip_rows=1),
                csv_arrow.ParseOptions(delimiter=entete.separateur, quote_char=False),
                csv_arrow.ConvertOptions(
                    column_types=places,
                    include_columns=list(places),
                    null_values=[""],
                    strings_can_be_null=True,
                ),
            )
    except pa.ArrowInvalid:
        return None
    _verifier_le_compte(chemin, entete, lue.num_rows, saut=1)
    return lue.rename_columns(list(types))


# -- second compte -----------------------------------------------------------------------------


def _verifier_le_compte(chemin: Path, entete: EnTete, lues: int, saut: int = 0) -> None:
    """Vérifier que le découpage a donné toutes les lignes d'un fichier."""
    # Une ligne de données tient sur une ligne de texte au moins : l'égalité prouve que rien n'est perdu.
    if lues == _fins_de_ligne(chemin) - saut:
        return
    with chemin.open("rb") as flux:
        if lues == sum(not ligne.isspace() for ligne in flux) - saut:
            return
    comptees = _compter_les_enregistrements(chemin, entete) - saut
    if comptees != lues:
        raise FichierIllisible(
            f"« {entete.fichier} » : {lues} lignes ont été lues, et un second compte en trouve {comptees}. Un guillemet "
            "isolé ou une ligne démesurée en cache : téléchargez de nouveau le fichier, ou enregistrez-le en « CSV UTF-8 » "
            "depuis un tableur."
        )


def _fins_de_ligne(chemin: Path) -> int:
    """Compter les lignes d'un texte par blocs ; une dernière ligne sans fin en est une."""
    compte, dernier = 0, b"\n"
    with chemin.open("rb") as flux:
        while bloc := flux.read(CELLULE_MAXIMALE):
            compte += bloc.count(b"\n")
            dernier = bloc[-1:]
    return compte + (dernier != b"\n")


def _avale(cellule: str, rang: int, colonnes: int, separateur: str) -> bool:
    """Reconnaître la fin d'une ligne et le début d'une autre, réunies par un guillemet oublié dans l'une et l'autre."""
    debut, fin = cellule.partition("\n")[0], cellule.rpartition("\n")[2]
    reste = colonnes - 1 - rang
    return "\n" in cellule and (debut.count(separateur), fin.count(separateur)) == (reste, rang)


def _compter_les_enregistrements(chemin: Path, entete: EnTete) -> int:
    comptes = 0
    csv.field_size_limit(CELLULE_MAXIMALE)
    try:
        with chemin.open(encoding="utf-8-sig", newline="") as flux:
            for ligne in csv.reader(flux, delimiter=entete.separateur, strict=True):
                comptes += bool(ligne)
                if any(
                    _avale(cellule, rang, len(ligne), entete.separateur) for rang, cellule in enumerate(ligne)
                ):
                    raise FichierIllisible(
                        f"« {entete.fichier} » : à la ligne de données {comptes}, un guillemet ouvre une cellule qui court "
                        "sur plusieurs lignes de texte et peut en cacher de données. Ôtez ce guillemet, ou le retour à la "
                        "ligne de cette cellule, puis déposez de nouveau le fichier."
                    )
    except csv.Error as cause:
        raise FichierIllisible(
            f"« {entete.fichier} » : après {comptes} lignes, le texte ne se découpe plus de façon sûre (guillemet isolé "
            "ou cellule démesurée). Téléchargez de nouveau le fichier, ou enregistrez-le en « CSV UTF-8 » depuis un tableur."
        ) from cause
    return comptes
