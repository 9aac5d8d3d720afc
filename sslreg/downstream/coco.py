"""COCO's annotations with classes matched by name; importing this module needs mmdet."""

from typing import Any

from mmdet.datasets import CocoDataset
from mmdet.datasets.api_wrappers import COCO
from mmdet.evaluation import CocoMetric


class NamedCategories(COCO):
    """COCO's reader, which lists categories in the order of the names that are asked for.

    pycocotools lists them in the order of the file. mmdet numbers classes by this list, so that the same names in
    another order give every box a wrong class.
    """

    def get_cat_ids(self, cat_names: Any = (), sup_names: Any = (), cat_ids: Any = ()) -> list[int]:
        """Return the ids of categories, in the order of ``cat_names``."""
        found = super().get_cat_ids(list(cat_names), list(sup_names), list(cat_ids))
        names = {category['id']: category['name'] for category in self.load_cats(found)}
        order = {name: number for number, name in enumerate(cat_names)}
        return sorted(found, key=lambda each: order.get(names[each], len(order)))


class CocoByName(CocoDataset):
    """COCO dataset whose classes are numbered as in ``metainfo``, in whatever order the file lists the categories."""

    COCOAPI = NamedCategories


class CocoMetricByName(CocoMetric):
    """COCO's AP of predictions that are numbered by the order of the dataset's classes, not of the file's categories.

    The arguments are those of mmdet's ``CocoMetric``; ``ann_file`` is required.
    """

    def results2json(self, results: Any, outfile_prefix: str) -> dict[str, str]:
        """Write predictions in COCO's form, then leave the ids sorted, as ``COCOeval`` sorts its tables of classes."""
        ids = {category['name']: number for number, category in self._coco_api.cats.items()}
        self.cat_ids = [ids[name] for name in self.dataset_meta['classes']]
        files = super().results2json(results, outfile_prefix)
        self.cat_ids = sorted(self.cat_ids)
        return files
