"""Tidy table → Altair chart → Vega-Lite spec; no Streamlit here."""
