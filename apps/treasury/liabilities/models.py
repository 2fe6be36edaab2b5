"""What was published, for ever; and the trees behind it, as long as players may ask for proofs."""

from typing import Any

from django.db import models

UNITS: dict[str, Any] = {"max_digits": 40, "decimal_places": 0}


class Snapshot(models.Model):
    """All currencies at one moment, under one digest that continues the one before."""

    number = models.PositiveIntegerField(unique=True)
    day = models.DateField(
        null=True, blank=True, unique=True, help_text="Set for the one that is due every day."
    )
    taken_at = models.DateTimeField()
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    key_id = models.SmallIntegerField()
    signature = models.CharField(max_length=128)
    published_by = models.CharField(max_length=160)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        db_table = "liabilities_snapshot"
        ordering = ["-number"]
        permissions = [("publish_snapshot", "Can publish the proof of liabilities")]

    def __str__(self) -> str:
        return f"liabilities {self.number}"


class Tree(models.Model):
    """One currency of a snapshot. parts: the total by part, units as text."""

    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="trees")
    currency = models.CharField(max_length=8)
    scale = models.PositiveSmallIntegerField()
    count = models.PositiveIntegerField()
    units = models.DecimalField(**UNITS)
    parts = models.JSONField()
    root = models.CharField(max_length=64)

    class Meta:
        db_table = "liabilities_tree"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["snapshot", "currency"], name="liabilities_tree_key"),
            models.CheckConstraint(
                condition=models.Q(units__gte=0, count__gte=1), name="liabilities_tree_sums"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.currency} of {self.snapshot_id}"


class Leaf(models.Model):
    """Where a player stands in a tree, and with what. parts: units as text."""

    tree = models.ForeignKey(Tree, on_delete=models.PROTECT, related_name="leaves")
    player = models.ForeignKey("accounts.Player", on_delete=models.PROTECT, related_name="+")
    position = models.PositiveIntegerField()
    parts = models.JSONField()
    key_id = models.SmallIntegerField(help_text="The key its nonce was made with.")

    class Meta:
        db_table = "liabilities_leaf"
        constraints = [
            models.UniqueConstraint(fields=["tree", "position"], name="liabilities_leaf_place"),
            models.UniqueConstraint(fields=["player", "tree"], name="liabilities_leaf_player"),
        ]

    def __str__(self) -> str:
        return f"leaf {self.position} of {self.tree_id}"


class Node(models.Model):
    """One node of a tree, leaves included. It needs no protection: the root is its proof."""

    tree = models.ForeignKey(Tree, on_delete=models.PROTECT, related_name="nodes")
    level = models.PositiveSmallIntegerField()
    position = models.PositiveIntegerField()
    hash = models.BinaryField()
    units = models.DecimalField(**UNITS)

    class Meta:
        db_table = "liabilities_node"
        constraints = [
            models.UniqueConstraint(
                fields=["tree", "level", "position"], name="liabilities_node_place"
            ),
        ]

    def __str__(self) -> str:
        return f"node {self.level}/{self.position} of {self.tree_id}"
