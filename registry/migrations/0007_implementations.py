"""Further implementations a model can be of; the column stays what it is."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0006_model_records'),
    ]

    operations = [
        migrations.AlterField(
            model_name='registeredmodel',
            name='implementation',
            field=models.CharField(choices=[('scikit-learn', 'scikit-learn'), ('onnx', 'ONNX'), ('lightgbm', 'LightGBM'), ('xgboost', 'XGBoost'), ('catboost', 'CatBoost'), ('pytorch', 'PyTorch'), ('spreadsheet', 'Spreadsheet'), ('vendor', "Vendor's black box")], max_length=20),
        ),
    ]
