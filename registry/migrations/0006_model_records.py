"""Who stands in for a model's owner, its name for MLflow clients, who made it, and that it was retired."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from portal.ledger.protection import DEPENDENCY, no_return


class Migration(migrations.Migration):

    dependencies = [
        DEPENDENCY,
        ('accounts', '0006_former_addresses'),
        ('registry', '0005_tier_assessments'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='registeredmodel',
            name='backup',
            field=models.ForeignKey(help_text="Who answers when the owner can't.", null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='registeredmodel',
            name='mlflow_name',
            field=models.CharField(help_text='By which MLflow clients know it; unique in the installation.', max_length=200, null=True, unique=True),
        ),
        migrations.AddField(
            model_name='registeredmodel',
            name='origin',
            field=models.CharField(choices=[('own', 'Own'), ('vendor', 'Vendor')], default='own', max_length=10),
        ),
        migrations.AddField(
            model_name='registeredmodel',
            name='retired_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='registeredmodel',
            name='retired_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='registeredmodel',
            name='retirement',
            field=models.TextField(blank=True, default='', help_text='Why it was retired.'),
        ),
        migrations.AlterField(
            model_name='registeredmodel',
            name='implementation',
            field=models.CharField(choices=[('scikit-learn', 'scikit-learn'), ('onnx', 'ONNX'), ('vendor', "Vendor's black box")], max_length=20),
        ),
        migrations.AddConstraint(
            model_name='registeredmodel',
            constraint=models.CheckConstraint(condition=models.Q(('origin__in', ['own', 'vendor'])), name='model_origin_is_known'),
        ),
        migrations.AddConstraint(
            model_name='registeredmodel',
            constraint=models.CheckConstraint(condition=models.Q(('backup', None), models.Q(('backup', models.F('owner')), _negated=True), _connector='OR'), name='model_backed_up_by_another'),
        ),
        migrations.AddConstraint(
            model_name='registeredmodel',
            constraint=models.CheckConstraint(condition=models.Q(('mlflow_name', ''), _negated=True), name='model_without_mlflow_name_has_none'),
        ),
        migrations.AddConstraint(
            model_name='registeredmodel',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('implementation', 'vendor'), _negated=True), ('origin', 'vendor'), _connector='OR'), name='black_box_is_a_vendors'),
        ),
        migrations.AddConstraint(
            model_name='registeredmodel',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('retired_at', None), ('retired_by', None), ('retirement', '')), models.Q(('retired_at__isnull', False), ('retired_by__isnull', False), models.Q(('retirement', ''), _negated=True)), _connector='OR'), name='model_retired_by_somebody'),
        ),
        no_return("registry_registeredmodel", "OLD.retired_at IS NOT NULL AND OLD.* IS DISTINCT FROM NEW.*"),
    ]
