"""Pages of monitoring, cases, complaints, breaches and reports."""

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path

from apps.operator.views import complaints, risk

Wrap = Callable[[Callable[..., Any]], Callable[..., Any]]


def patterns(wrap: Wrap) -> list[URLPattern]:
    alert, rule = "risk/alerts/<str:public_id>", "risk/rules/<slug:code>"
    case, player = "risk/cases/<str:public_id>", "risk/players/<int:player_id>"
    complaint, breach = "complaints/<str:public_id>", "breaches/<str:public_id>"
    report = "reports-of-suspicion/<str:public_id>"
    pages: list[tuple[str, Callable[..., Any], str]] = [
        ("risk/alerts/", risk.alerts, "risk_alerts"),
        (f"{alert}/", risk.alert, "risk_alert"),
        (f"{alert}/take/", risk.take_alert, "risk_alert_take"),
        (f"{alert}/clear/", risk.clear_alert, "risk_alert_clear"),
        (f"{alert}/confirm/", risk.confirm_alert, "risk_alert_confirm"),
        (f"{alert}/case/", risk.alert_to_case, "risk_alert_case"),
        ("risk/rules/", risk.rules, "risk_rules"),
        (f"{rule}/", risk.rule, "risk_rule"),
        (f"{rule}/change/", risk.change_rule, "risk_rule_change"),
        (f"{rule}/back-test/", risk.back_test, "risk_back_test"),
        ("risk/cases/", risk.cases, "risk_cases"),
        (f"{case}/", risk.case, "risk_case"),
        (f"{case}/take/", risk.take_case, "risk_case_take"),
        (f"{case}/items/<slug:code>/", risk.answer_item, "risk_case_item"),
        (f"{case}/note/", risk.add_note, "risk_case_note"),
        (f"{case}/hold/", risk.hold_case, "risk_case_hold"),
        (f"{case}/decide/", risk.decide_case, "risk_case_decide"),
        (f"{case}/propose/", risk.propose_case, "risk_case_propose"),
        (f"{case}/file/", risk.export_case, "risk_case_file"),
        (f"{player}/", risk.player, "risk_player"),
        (f"{player}/class/", risk.set_class, "risk_class"),
        (f"{player}/case/", risk.open_case, "risk_case_open"),
        ("complaints/", complaints.complaints, "complaints"),
        (f"{complaint}/", complaints.complaint, "complaint"),
        (f"{complaint}/take/", complaints.take_complaint, "complaint_take"),
        (f"{complaint}/answer/", complaints.answer_complaint, "complaint_answer"),
        ("breaches/", complaints.breaches, "breaches"),
        ("breaches/new/", complaints.register_breach, "breach_new"),
        (f"{breach}/", complaints.breach, "breach"),
        (f"{breach}/note/", complaints.breach_note, "breach_note"),
        (f"{breach}/notified/", complaints.breach_notified, "breach_notified"),
        (f"{breach}/not-notified/", complaints.breach_not_notified, "breach_not_notified"),
        (f"{breach}/people/", complaints.breach_people, "breach_people"),
        (f"{breach}/close/", complaints.close_breach, "breach_close"),
        ("insiders/", complaints.insiders, "insiders"),
        ("insiders/new/", complaints.register_insider, "insider_new"),
        ("insiders/<int:insider_id>/remove/", complaints.remove_insider, "insider_remove"),
        ("reports-of-suspicion/", complaints.reports, "reports"),
        ("reports-of-suspicion/new/", complaints.new_report, "report_new"),
        (f"{report}/", complaints.report, "report"),
        (f"{report}/rewrite/", complaints.rewrite_report, "report_rewrite"),
        (f"{report}/file/", complaints.file_report, "report_file"),
        (f"{report}/drop/", complaints.drop_report, "report_drop"),
    ]
    return [path(place, wrap(view), name=f"operator_{name}") for place, view, name in pages]
