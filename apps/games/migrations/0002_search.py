"""What search and the lobby read, and the triggers that keep it in step with the catalogue."""

from pathlib import Path

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import uuid
from django.db import migrations, models


SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
        ('games', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='CatalogueMark',
            fields=[
                ('id', models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                ('value', models.UUIDField(default=uuid.uuid4)),
            ],
            options={
                'db_table': 'games_mark',
            },
        ),
        migrations.CreateModel(
            name='SearchEntry',
            fields=[
                ('game', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='search', serialize=False, to='games.game')),
                ('title', models.TextField()),
                ('words', django.contrib.postgres.search.SearchVectorField()),
                ('popularity', models.PositiveIntegerField()),
            ],
            options={
                'db_table': 'games_search',
                'indexes': [django.contrib.postgres.indexes.GinIndex(fields=['words'], name='games_search_words')],
            },
        ),
        migrations.CreateModel(
            name='Word',
            fields=[
                ('word', models.TextField(primary_key=True, serialize=False)),
                ('trigrams', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
            ],
            options={
                'db_table': 'games_word',
                'indexes': [django.contrib.postgres.indexes.GinIndex(fields=['trigrams'], name='games_word_trigrams')],
            },
        ),
        migrations.CreateModel(
            name='Favourite',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField()),
                ('game', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='games.game')),
                ('player', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='favourites', to='accounts.player')),
            ],
            options={
                'db_table': 'games_favourite',
                'indexes': [models.Index(fields=['player', '-id'], name='games_favourite_player')],
                'constraints': [models.UniqueConstraint(fields=('player', 'game'), name='games_favourite_once')],
            },
        ),
        migrations.RunSQL((SQL / "search.sql").read_text(encoding="utf-8")),
    ]
