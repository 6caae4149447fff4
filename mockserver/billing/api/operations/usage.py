"""Views of usage: breakdown, chart, realtime and projection."""

from mockserver.billing import usage
from mockserver.billing.api import render
from mockserver.billing.api.call import Call
from mockserver.engine.body import Json


def get_usage_breakdown(call: Call) -> Json:
    return render.usage_breakdown(
        usage.month_to_date(call.context), usage.month_of(call.context.now)
    )


def get_usage_chart(call: Call) -> Json:
    days = call.params["days"]
    data = [
        render.usage_day(day.isoformat(), tally) for day, tally in usage.chart(call.context, days)
    ]
    return {"data": data, "period": f"{days}d"}


def get_usage_realtime(call: Call) -> Json:
    context = call.context
    today = context.account.usage.day(context.now.date())
    return render.usage_realtime(
        today, usage.week_to_date(context), usage.month_to_date(context), context.now
    )


def get_cost_projection(call: Call) -> Json:
    return render.cost_projection(usage.project(call.context))
