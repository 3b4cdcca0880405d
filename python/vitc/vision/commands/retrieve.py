"""`retrieve`: the images of a database that are most like each query."""
from __future__ import annotations

import argparse
import csv
import io
import pathlib
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..._errors import Error
from .. import options

if TYPE_CHECKING:
    from ..frozen import Frozen, Reader
    from ..sources import Images

HELP = "rank a database of images by similarity to queries: GeM, whitening, mean average precision"
_SOURCE = "features that `features` wrote (.npy, .parquet), or images, with --model"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("database", metavar="DATABASE", help=_SOURCE)
    parser.add_argument("queries", metavar="QUERIES", nargs="?", default=None,
                        help="likewise; if not given, each image of DATABASE is sought among the others")
    parser.add_argument("--top", type=options.positive, default=10, metavar="N", help="images to list for each query")
    parser.add_argument("--p", type=float, default=4.0, help="exponent of the generalised mean (GeM)")
    parser.add_argument("--whiten", metavar="SOURCE", default=None,
                        help="whiten by these features or images, best many that are like those of DATABASE and not in it")
    parser.add_argument("--power", type=float, default=0.5, help="of the variances that whitening divides by")
    parser.add_argument("--dims", type=options.positive, default=None, metavar="N",
                        help="directions that whitening keeps; if not given, all")
    parser.add_argument("--uncentred", action="store_true", help="whiten by second moments, as DINO's published code does")
    parser.add_argument("--relevant", metavar="RULE", default=None,
                        help="what should be found, to report the mean average precision: folder (images of the query's first "
                             "folder), name (of its name, but for folders and extensions), or a .csv file with the columns "
                             "query and name, a pair a line")
    parser.add_argument("--sheet", type=options.picture, default=None, metavar="PNG",
                        help="draw queries, a row each: the query, then what was found")
    parser.add_argument("--most", type=options.positive, default=20, metavar="N", help="queries in it, the first")
    parser.add_argument("--tile", type=options.positive, default=96, metavar="PIXELS", help="longer side of an image in it")
    parser.add_argument("--images", metavar="IMAGES", default=None,
                        help="where those of DATABASE are, to draw them, if DATABASE is features")
    parser.add_argument("--query-images", metavar="IMAGES", default=None, help="likewise those of QUERIES")
    options.add_output(parser, "ranks.csv", "the list: query, rank, name, similarity", options.file)
    options.add_source(parser, ("cls+gem", "gem", "cls", "mean", "cls+mean", "whole"))


def run(arguments: argparse.Namespace) -> None:
    from ..frozen import GemPicker, Reader
    from ..journal import write_whole
    from ..retrieve import average_precision, rank

    gem = GemPicker(arguments.p, "cls" in arguments.pick, arguments.of) if "gem" in arguments.pick else None
    read = Reader(arguments, gem)
    database = read(arguments.database)
    queries = database if arguments.queries is None else read(arguments.queries)
    pictures = _pictures(arguments, database, queries)
    relevant = _relevance(arguments.relevant, database, queries)
    rows, precisions = [], []
    drawn: list[tuple[int, NDArray]] = []
    itself = np.arange(len(queries.names)) if queries is database else None
    for number, (order, similarities) in enumerate(rank(*_whitened(arguments, read, database, queries), itself)):
        rows += [(queries.names[number], place + 1, database.names[found], f"{similarity:.6f}")
                 for place, (found, similarity) in enumerate(zip(order[:arguments.top], similarities))]
        precisions.append(average_precision(relevant(number)[order]) if relevant else np.nan)
        drawn += [(number, order[:arguments.top])] if len(drawn) < arguments.most else []
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([("query", "rank", "name", "similarity"), *rows])
    write_whole(arguments.output, text.getvalue().encode("utf-8", "surrogateescape"))
    if pictures:
        _draw(arguments, drawn, database, queries, *pictures)
    print(f"{arguments.output}: {len(queries.names)} queries in {len(database.names)} images")
    known = ~np.isnan(precisions)
    if relevant and not known.any():
        print("no mean average precision: no query has an image that should be found")
    elif relevant:
        print(f"mean average precision: {np.mean(np.array(precisions)[known]):.4f}" + (
            "" if known.all() else f" of {known.sum()} queries; the other {(~known).sum()} have nothing that should be found"))


def _whitened(arguments: argparse.Namespace, read: Reader, database: Frozen,
              queries: Frozen) -> tuple[NDArray[Any], NDArray[Any]]:
    from ..retrieve import Whitening

    if arguments.whiten is None:
        return database.features, queries.features
    given = {arguments.database: database, arguments.queries: queries}
    source = given.get(arguments.whiten) or read(arguments.whiten)
    whiten = Whitening.fit(source.features, arguments.power, arguments.dims, not arguments.uncentred)
    return whiten(database.features), whiten(queries.features)


def _relevance(rule: str | None, database: Frozen, queries: Frozen) -> Any:
    """A function from a query's number to which of the database should be found (D,); None where that is not given."""
    if rule is None:
        return None
    if rule == "folder":
        labels, wanted = database.labels(), queries.labels()
        return lambda query: labels == wanted[query]
    if rule == "name":
        stems, sought = (np.array([pathlib.PurePath(name).stem for name in source.names]) for source in (database, queries))
        return lambda query: stems == sought[query]
    from ..frozen import read_table

    places = {name: place for place, name in enumerate(database.names)}
    pairs: dict[str, list[int]] = {name: [] for name in queries.names}
    for row in read_table(pathlib.Path(rule), ("query", "name")):
        if row["name"] not in places:
            raise Error(f"{rule}: no image of {database.path} is named {row['name']}")
        if row["query"] not in pairs:
            raise Error(f"{rule}: no query of {queries.path} is named {row['query']}")
        pairs[row["query"]].append(places[row["name"]])
    return lambda query: np.isin(np.arange(len(database.names)), pairs[queries.names[query]])


def _pictures(arguments: argparse.Namespace, database: Frozen, queries: Frozen) -> tuple[Images, Images] | None:
    """The images of the database and of the queries, where they are to be drawn."""
    if arguments.sheet is None:
        return None
    from ..sources import open_images

    found: list[Images] = []
    wanted = (database, arguments.images, "--images"), (queries, arguments.query_images, "--query-images")
    for source, given, option in wanted:
        if source is database and found:
            found.append(found[0])
            continue
        images = source.images if given is None else open_images(given, max_pixels=arguments.max_pixels)
        if images is None:
            raise options.UsageError(f"--sheet needs the images of {source.path}: {option} says where they are")
        missing = set(source.names) - set(images.names)
        if missing:
            raise Error(f"{option}: {len(missing)} of the images of {source.path} are not there, {min(missing)} among them")
        found.append(images)
    return found[0], found[1]


def _draw(arguments: argparse.Namespace, drawn: list[tuple[int, NDArray]], database: Frozen, queries: Frozen, images: Images,
          query_images: Images) -> None:
    from ..images import ImageError
    from ..sheets import save_picture, sheet

    def picture(source: Images, name: str) -> Any:
        try:
            return source[source.names.index(name)]
        except ImageError:
            return None

    tiles = []
    for number, order in drawn:
        row = [picture(query_images, queries.names[number]), *(picture(images, database.names[found]) for found in order)]
        tiles += row + [None] * (arguments.top + 1 - len(row))
    save_picture(sheet(tiles, arguments.tile, arguments.top + 1), arguments.sheet)
