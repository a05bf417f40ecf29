"""Claims on real images: Stage I, stops, selection, the kernel flow, and the promises of the audit."""
