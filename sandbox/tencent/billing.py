"""Billing: what is left on the account; an account in arrears creates nothing."""

from sandbox.tencent.cloud import Cloud
from sandbox.tencent.registry import BILLING, Answer, Call
from sandbox.tencent.shapes import Flag

# Hundredths of a yuan.
ENOUGH, OWED = 120_000, 3_450


@BILLING.action("DescribeAccountBalance", {"TempCredit": Flag()})
def describe_account_balance(cloud: Cloud, call: Call) -> Answer:
    owes = cloud.networks.in_arrears
    balance = -OWED if owes else ENOUGH
    return {
        "Uin": int(call.uin),
        "Balance": balance,
        "RealBalance": balance,
        "CashAccountBalance": balance,
        "IncomeIntoAccountBalance": 0,
        "PresentAccountBalance": 0,
        "FreezeAmount": 0,
        "OweAmount": OWED if owes else 0,
        "IsAllowArrears": False,
        "IsCreditLimited": False,
        "CreditAmount": 0,
        "CreditBalance": balance,
        "RealCreditBalance": balance,
    }
