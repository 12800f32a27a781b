import { AggregatorRegistry, type MetricObject, type MetricValue, type Registry } from "prom-client";

type LabelledMetric = MetricObject & { readonly values?: readonly MetricValue<string>[] };

/**
 * Puts the metrics of several processes into one registry: each value gets the label `process`, so that nothing is
 * averaged away, and Node's event-loop lag goes by our own name (`tandem_event_loop_lag_…`).
 */
export function mergeMetrics(processes: readonly { name: string; metrics: readonly unknown[] }[]): Registry {
  const labelled = processes.map(({ name, metrics }) =>
    (metrics as readonly LabelledMetric[]).map((metric) => ({
      ...metric,
      name: metric.name.replace(/^nodejs_eventloop_lag/, "tandem_event_loop_lag"),
      // Every value is told apart by its process: there is nothing to add up, and nothing may be left out.
      aggregator: "sum" as const,
      values: (metric.values ?? []).map((value) => ({ ...value, labels: { ...value.labels, process: name } })),
    })),
  );
  return AggregatorRegistry.aggregate(labelled);
}
